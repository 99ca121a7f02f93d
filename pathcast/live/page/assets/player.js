// Player: what is shown of a recording, and whether time goes on. A live recording grows while it is shown.

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];
const REST_MS = 900;

export class Recording {
  constructor(scene) {
    this.scene = scene;
    this.answers = [];
    this.isEnded = false;
    this.isWhole = true;
  }
}

export class Player {
  // source: told "pause", "play", "speed" and "next" where recordings come from a live source, else null.
  constructor(source, onChange) {
    this.source = source;
    this.onChange = onChange;
    this.recordings = [];
    this.recording = null;
    this.at = -1;
    this.isPlaying = true;
    this.speed = 1;
    this.arrivedAt = 0;
    this.timer = null;
  }

  get last() {
    return (this.recording?.answers.length ?? 0) - 1;
  }

  get answer() {
    return this.recording?.answers[this.at];
  }

  // Whether the newest answer is shown.
  get isAtEdge() {
    return this.at >= this.last;
  }

  // Share of the way from the frame before to this one that has gone by, for things that glide between slow frames.
  share(now) {
    const { answers } = this.recording ?? { answers: [] };
    if (!this.isPlaying || this.at < 1) return 1;
    const gap = (1000 * (answers[this.at].time - answers[this.at - 1].time)) / this.speed;
    return gap < 100 ? 1 : Math.min(1, (now - this.arrivedAt) / gap);
  }

  begin(scene) {
    this.recording = new Recording(scene);
    this.recordings = [this.recording];
    this.at = -1;
    clearTimeout(this.timer);
    this.onChange("scene");
  }

  add(answer) {
    const wasAtEdge = this.isAtEdge;
    this.recording.answers.push(answer);
    if (wasAtEdge) this.show(this.last);
    else this.onChange("length");
  }

  end(isWhole) {
    if (this.recording) Object.assign(this.recording, { isEnded: true, isWhole });
    this.onChange("length");
  }

  // Plays recordings that are whole already.
  load(recordings, at = 0) {
    this.recordings = recordings;
    this.open(recordings[0], at);
    if (this.isPlaying) this.goOn();
  }

  open(recording, at) {
    clearTimeout(this.timer);
    this.recording = recording;
    this.at = -1;
    this.onChange("scene");
    this.show(at);
  }

  show(at) {
    this.at = Math.min(Math.max(at, Math.min(0, this.last)), this.last);
    this.arrivedAt = performance.now();
    this.onChange("frame");
  }

  pause() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    clearTimeout(this.timer);
    this.source?.("pause");
    this.onChange("state");
  }

  play() {
    if (this.isPlaying) return;
    this.isPlaying = true;
    if (!this.source && this.isAtEdge) this.show(0);
    this.onChange("state");
    if (this.isAtEdge) this.source?.("play");
    else this.goOn();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  // Shows what was recorded, frame by frame at its own pace, until it meets the source or the end.
  goOn() {
    clearTimeout(this.timer);
    if (this.isAtEdge) {
      this.meetEdge();
      return;
    }
    const { answers } = this.recording;
    const gap = answers[this.at + 1].time - answers[Math.max(this.at, 0)].time;
    this.timer = setTimeout(() => {
      this.show(this.at + 1);
      this.goOn();
    }, (1000 * gap) / this.speed);
  }

  meetEdge() {
    if (this.source) {
      this.source("play");
      return;
    }
    const following = this.recordings[this.recordings.indexOf(this.recording) + 1];
    if (following) {
      this.timer = setTimeout(() => {
        this.open(following, 0);
        this.goOn();
      }, REST_MS);
      return;
    }
    this.isPlaying = false;
    this.onChange("state");
  }

  step(frames) {
    this.pause();
    this.show(this.at + frames);
  }

  seek(at) {
    this.pause();
    this.show(at);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.source?.("speed", { value: speed });
    this.onChange("state");
  }

  // The next scene; the first after the last.
  next() {
    if (this.source) {
      clearTimeout(this.timer);
      this.isPlaying = true;
      this.source("next");
      this.source("play");
      this.onChange("state");
      return;
    }
    const index = (this.recordings.indexOf(this.recording) + 1) % this.recordings.length;
    this.open(this.recordings[index], 0);
    if (this.isPlaying) this.goOn();
  }
}
