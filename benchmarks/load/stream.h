// One stream of the load: its tracks, what it sends, and how long its answers took.
#ifndef PATHCAST_BENCHMARKS_LOAD_STREAM_H_
#define PATHCAST_BENCHMARKS_LOAD_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pathcast/v1/forecast.grpc.pb.h"

class Stream;

enum class Kind { kStarted, kWritten, kRead };

struct Event {
  Stream* stream;
  Kind kind;
};

class Stream {
 public:
  static constexpr double kStep = 1.0 / 30.0;

  Stream(const std::string& model, int tracks, int every, unsigned seed);

  // Opens the call, with so many observations in the past of each track; `Handle` does the rest.
  void Start(pathcast::v1::ForecastService::Stub& stub, grpc::CompletionQueue& queue, int num_past);

  // Takes an event in; what it returns is empty unless something went wrong.
  std::string Handle(Kind kind, bool is_ok);

  // Sends and waits, again and again, until then.
  void Keep(std::chrono::steady_clock::time_point until);

  // The same for a number of frames.
  void KeepFor(int frames);

  // Forgets what was counted.
  void Clear();

  bool is_idle() const { return is_open_ && !is_waiting_ && !is_writing_ && past_.empty(); }
  const std::vector<double>& waits_us() const { return waits_us_; }
  long num_frames() const { return num_frames_; }
  long num_frames_in_all() const { return num_frames_in_all_ + num_frames_; }
  long num_answers() const { return num_answers_; }
  long num_forecast() const { return num_forecast_; }
  size_t reply_bytes() const { return reply_bytes_; }

 private:
  using Call = grpc::ClientAsyncReaderWriter<pathcast::v1::StreamForecastsRequest,
                                             pathcast::v1::StreamForecastsResponse>;

  void BuildPast(int num_past);
  void Begin();
  void BuildFrame();
  void Write();
  void WriteNext();
  std::string Check(const pathcast::v1::Forecasts& forecasts);

  const std::string model_;
  const int tracks_, every_;
  Event started_{this, Kind::kStarted}, written_{this, Kind::kWritten}, read_{this, Kind::kRead};
  grpc::ClientContext context_;
  std::unique_ptr<Call> call_;
  pathcast::v1::StreamForecastsRequest request_;
  pathcast::v1::StreamForecastsResponse response_;
  std::vector<pathcast::v1::StreamForecastsRequest> past_;  // still to be sent
  std::vector<double> start_, velocity_;
  size_t means_ = 0, covariances_ = 0;  // numbers of one track
  bool is_open_ = false, is_waiting_ = false, is_writing_ = false;
  int to_send_ = 0, frames_left_ = 0;
  long frame_number_ = 0;
  std::chrono::steady_clock::time_point asked_, until_;
  std::vector<double> waits_us_;
  long num_frames_ = 0, num_answers_ = 0, num_forecast_ = 0, num_frames_in_all_ = 0;
  size_t reply_bytes_ = 0;
};

#endif
