// Loads a server's StreamForecasts: many streams in one thread, each sending a frame and waiting for its answer.
//
//   stream_load ADDRESS MODEL [--streams N] [--tracks N] [--every N] [--connections N] [--warm S] [--seconds S]
//   stream_load ADDRESS MODEL --flat N
//
// Every track begins with 60 observations in one replay. With --every N a stream asks for a forecast every Nth frame
// and sends N frames before it waits. Every answer is parsed, and must hold all tracks with all means and covariances.
// Prints one JSON object. With --flat N: N streams replay 9,000 observations and are sent 900 frames more; then each is
// measured up to its 10,100th in turn with a fresh one from its 10th to its 200th, so that what else the machine does
// befalls both alike.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "pathcast/v1/forecast.grpc.pb.h"
#include "stream.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPast = 60;

struct Options {
  std::string address, model;
  int streams = 1, tracks = 1, every = 1, connections = 1, flat = 0;
  double warm_s = 0.5, seconds = 2.0;
};

[[noreturn]] void Fail(const std::string& reason) {
  std::fprintf(stderr, "stream_load: %s\n", reason.c_str());
  std::exit(1);
}

Options Read(int count, char** words) {
  if (count < 3) Fail("expected ADDRESS MODEL, then options");
  Options options;
  options.address = words[1];
  options.model = words[2];
  for (int index = 3; index + 1 < count; index += 2) {
    const std::string name = words[index];
    const double value = std::atof(words[index + 1]);
    if (name == "--streams") options.streams = static_cast<int>(value);
    else if (name == "--tracks") options.tracks = static_cast<int>(value);
    else if (name == "--every") options.every = static_cast<int>(value);
    else if (name == "--connections") options.connections = static_cast<int>(value);
    else if (name == "--flat") options.flat = static_cast<int>(value);
    else if (name == "--warm") options.warm_s = value;
    else if (name == "--seconds") options.seconds = value;
    else Fail("expected an option, found " + name);
  }
  return options;
}

// Of sorted values.
double Quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0.0;
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

class Load {
 public:
  explicit Load(const Options& options) : options_(options) {
    for (int index = 0; index < options.connections; ++index) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      arguments.SetMaxReceiveMessageSize(-1);
      auto channel = grpc::CreateCustomChannel(options.address, grpc::InsecureChannelCredentials(), arguments);
      stubs_.push_back(pathcast::v1::ForecastService::NewStub(channel));
    }
  }

  // Opens streams, whose tracks then have so many observations in their past.
  void Open(int num, int num_past) {
    const size_t first = streams_.size();
    for (int index = 0; index < num; ++index) {
      const unsigned number = static_cast<unsigned>(streams_.size());
      streams_.push_back(std::make_unique<Stream>(options_.model, options_.tracks, options_.every, number));
      streams_.back()->Start(*stubs_[number % stubs_.size()], queue_, num_past);
    }
    RunUntil([&] {
      return std::all_of(streams_.begin() + static_cast<long>(first), streams_.end(),
                         [](const auto& stream) { return stream->is_idle(); });
    });
  }

  // Keeps all streams busy for so long, then lets them come to rest.
  double Drive(double seconds) {
    for (auto& stream : streams_) stream->Clear();
    const auto started = Clock::now();
    const auto until = started + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    for (auto& stream : streams_) stream->Keep(until);
    RunUntil([&] { return AllIdle(); });
    return std::chrono::duration<double>(Clock::now() - started).count();
  }

  // Has the given streams answer so many frames each, all at once.
  void Feed(size_t first, size_t end, int frames) {
    for (size_t index = first; index < end; ++index) streams_[index]->KeepFor(frames);
    RunUntil([&] { return AllIdle(); });
  }

  std::vector<std::unique_ptr<Stream>>& streams() { return streams_; }

 private:
  bool AllIdle() const {
    return std::all_of(streams_.begin(), streams_.end(), [](const auto& stream) { return stream->is_idle(); });
  }

  template <typename Condition>
  void RunUntil(Condition is_done) {
    void* tag = nullptr;
    bool is_ok = false;
    while (!is_done()) {
      if (!queue_.Next(&tag, &is_ok)) Fail("the queue ended");
      auto* event = static_cast<Event*>(tag);
      const std::string failure = event->stream->Handle(event->kind, is_ok);
      if (!failure.empty()) Fail(failure);
    }
  }

  const Options options_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<pathcast::v1::ForecastService::Stub>> stubs_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

void Measure(const Options& options) {
  Load load(options);
  load.Open(options.streams, kPast);
  load.Drive(options.warm_s);
  const double seconds = load.Drive(options.seconds);
  std::vector<double> waits;
  long frames = 0, frames_in_all = 0, answers = 0, tracks = 0;
  for (const auto& stream : load.streams()) {
    waits.insert(waits.end(), stream->waits_us().begin(), stream->waits_us().end());
    frames += stream->num_frames();
    frames_in_all += stream->num_frames_in_all();
    answers += stream->num_answers();
    tracks += stream->num_forecast();
  }
  std::sort(waits.begin(), waits.end());
  std::printf(
      "{\"seconds\": %.6f, \"frames\": %ld, \"frames_in_all\": %ld, \"answers\": %ld, \"observations\": %ld, \"tracks\": %ld, "
      "\"p50_us\": %.1f, \"p99_us\": %.1f, \"reply_bytes\": %zu, \"grpc\": \"%s\"}\n",
      seconds, frames, frames_in_all, answers, frames * options.tracks, tracks, Quantile(waits, 0.5), Quantile(waits, 0.99),
      load.streams().front()->reply_bytes(), grpc::Version().c_str());
  std::fflush(stdout);
  std::_Exit(0);  // open calls are left to the server to see end
}

void MeasureFlatness(const Options& options) {
  constexpr int kReplayed = 9000, kOld = 9900, kWindow = 200;
  const auto num = static_cast<size_t>(options.flat);
  Load load(options);
  load.Open(options.flat, kReplayed);
  load.Feed(0, num, kOld - kReplayed);
  load.Open(options.flat, 0);
  auto& streams = load.streams();
  for (auto& stream : streams) stream->Clear();
  for (size_t pair = 0; pair < num; ++pair) {
    for (int frame = 0; frame < kWindow; ++frame) {
      load.Feed(pair, pair + 1, 1);
      load.Feed(num + pair, num + pair + 1, 1);
    }
  }
  std::vector<double> old_us, fresh_us;
  for (size_t index = 0; index < 2 * num; ++index) {
    auto& waits = streams[index]->waits_us();
    // The first observations find no forecast and fewer inputs; both windows leave out as many.
    auto& into = index < num ? old_us : fresh_us;
    into.insert(into.end(), waits.begin() + 10, waits.end());
  }
  std::sort(old_us.begin(), old_us.end());
  std::sort(fresh_us.begin(), fresh_us.end());
  std::printf(
      "{\"old_p50_us\": %.1f, \"old_p99_us\": %.1f, \"fresh_p50_us\": %.1f, \"fresh_p99_us\": %.1f, \"samples\": %zu}\n",
      Quantile(old_us, 0.5), Quantile(old_us, 0.99), Quantile(fresh_us, 0.5), Quantile(fresh_us, 0.99), old_us.size());
  std::fflush(stdout);
  std::_Exit(0);
}

}  // namespace

int main(int count, char** words) {
  const Options options = Read(count, words);
  if (options.flat > 0) MeasureFlatness(options);
  Measure(options);
}
