// Link: the page's websocket. It opens itself again for as long as the page is looked at.

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 4000;
const TOO_SLOW = 4001;
const FULL = 4003;

export class Link {
  // onRecord: takes what the page is told; onState: "open", "lost", "full" or "slow".
  constructor(onRecord, onState) {
    Object.assign(this, { onRecord, onState, wait: FIRST_WAIT_MS, socket: null });
    this.open();
  }

  open() {
    const { protocol, host } = window.location;
    const socket = new WebSocket(`${protocol === "https:" ? "wss" : "ws"}://${host}/live`);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT_MS;
      this.onState("open");
    });
    socket.addEventListener("message", ({ data }) => this.onRecord(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => {
      this.onState({ [TOO_SLOW]: "slow", [FULL]: "full" }[code] ?? "lost");
      setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(2 * this.wait, MOST_WAIT_MS);
    });
  }

  send(wish) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(wish));
  }
}
