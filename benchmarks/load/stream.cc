#include "stream.h"

#include <algorithm>
#include <random>

namespace pb = pathcast::v1;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kAxes = 3;
constexpr int kPointsPerReplay = 500;  // of each track; servers take 512

}  // namespace

Stream::Stream(const std::string& model, int tracks, int every, unsigned seed)
    : model_(model), tracks_(tracks), every_(every) {
  std::mt19937 random(seed);
  std::normal_distribution<double> velocity(0.0, 0.3);
  std::uniform_real_distribution<double> place(-30.0, 30.0);
  for (int index = 0; index < tracks_ * kAxes; ++index) {
    start_.push_back(place(random));
    velocity_.push_back(velocity(random));
  }
}

void Stream::Start(pb::ForecastService::Stub& stub, grpc::CompletionQueue& queue, int num_past) {
  BuildPast(num_past);
  call_ = stub.PrepareAsyncStreamForecasts(&context_, &queue);
  call_->StartCall(&started_);
}

// Filled from its end, because what is sent next is taken from there.
void Stream::BuildPast(int num_past) {
  for (int end = num_past; end > 0; end -= std::min(end, kPointsPerReplay)) {
    auto& prefixes = *past_.emplace_back().mutable_replay()->mutable_prefixes();
    for (int track = 0; track < tracks_; ++track) {
      auto& prefix = *prefixes.Add();
      prefix.set_track_id(static_cast<uint64_t>(track));
      for (int step = std::max(end - kPointsPerReplay, 0); step < end; ++step) {
        prefix.add_times_s(kStep * step);
        for (int axis = 0; axis < kAxes; ++axis) {
          const auto index = static_cast<size_t>(track * kAxes + axis);
          prefix.add_positions(static_cast<float>(start_[index] + velocity_[index] * kStep * step));
        }
      }
    }
  }
  frame_number_ = num_past;
}

std::string Stream::Handle(Kind kind, bool is_ok) {
  if (!is_ok) return "a stream ended before its time";
  if (kind == Kind::kStarted) {
    auto& open = *request_.mutable_open();
    open.set_model(model_);
    open.set_axes(kAxes);
    open.set_forecast_every(static_cast<uint32_t>(every_));
    open.add_outputs(pb::OUTPUT_MEANS);
    open.add_outputs(pb::OUTPUT_COVARIANCES);
    Write();
    call_->Read(&response_, &read_);
    return "";
  }
  if (kind == Kind::kWritten) {
    is_writing_ = false;
    WriteNext();
    return "";
  }
  std::string failure;
  if (response_.has_opened()) {
    const auto& opened = response_.opened();
    const auto paths = static_cast<size_t>(opened.num_modes() * static_cast<uint32_t>(opened.offsets_s_size()));
    means_ = paths * kAxes;
    covariances_ = paths * kAxes * (kAxes + 1) / 2;
    is_open_ = true;
    WriteNext();
  } else if (response_.has_forecasts()) {
    failure = Check(response_.forecasts());
    if (response_.forecasts().part() + 1 == response_.forecasts().num_parts()) {
      waits_us_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - asked_).count());
      ++num_answers_;
      is_waiting_ = false;
      Begin();
    }
  } else if (response_.has_refused()) {
    failure = "refused: " + response_.refused().field() + ": expected " + response_.refused().expected();
  }
  call_->Read(&response_, &read_);
  return failure;
}

std::string Stream::Check(const pb::Forecasts& forecasts) {
  reply_bytes_ = response_.ByteSizeLong();
  const auto tracks = static_cast<size_t>(forecasts.track_ids_size());
  num_forecast_ += static_cast<long>(tracks);
  const bool is_young = frame_number_ < 3;  // a forecast needs two observations
  if (tracks != static_cast<size_t>(tracks_) && forecasts.num_parts() == 1 && !is_young) {
    return "expected every track in the answer, found " + std::to_string(tracks);
  }
  if (static_cast<size_t>(forecasts.means_size()) != tracks * means_ ||
      static_cast<size_t>(forecasts.covariances_size()) != tracks * covariances_) {
    return "expected all means and covariances in the answer";
  }
  return "";
}

void Stream::Keep(Clock::time_point until) {
  until_ = until;
  frames_left_ = 0;
  Begin();
}

void Stream::KeepFor(int frames) {
  frames_left_ = frames;
  Begin();
}

// Has the frames up to the next answer sent, unless it is time to rest.
void Stream::Begin() {
  asked_ = Clock::now();
  if (frames_left_ > 0) {
    --frames_left_;
  } else if (asked_ >= until_) {
    return;
  }
  is_waiting_ = true;
  to_send_ = every_;
  WriteNext();
}

void Stream::BuildFrame() {
  auto& frame = *request_.mutable_frame();
  frame.Clear();
  const double time = kStep * static_cast<double>(frame_number_);
  frame.set_frame_number(static_cast<uint64_t>(frame_number_++));
  frame.set_capture_time_s(time);
  frame.mutable_track_ids()->Reserve(tracks_);
  frame.mutable_positions()->Reserve(tracks_ * kAxes);
  for (int track = 0; track < tracks_; ++track) {
    frame.mutable_track_ids()->AddAlreadyReserved(static_cast<uint64_t>(track));
    for (int axis = 0; axis < kAxes; ++axis) {
      const auto index = static_cast<size_t>(track * kAxes + axis);
      frame.mutable_positions()->AddAlreadyReserved(static_cast<float>(start_[index] + velocity_[index] * time));
    }
  }
}

void Stream::Write() {
  is_writing_ = true;
  call_->Write(request_, &written_);
}

// Sends what is next, if anything, once the message before it is on its way: the rest of the past, or a frame.
void Stream::WriteNext() {
  if (!is_open_ || is_writing_) return;
  if (!past_.empty()) {
    request_.Swap(&past_.back());
    past_.pop_back();
    Write();
  } else if (to_send_ > 0) {
    --to_send_;
    ++num_frames_;
    BuildFrame();
    Write();
  }
}

void Stream::Clear() {
  waits_us_.clear();
  num_frames_in_all_ += num_frames_;
  num_frames_ = num_answers_ = num_forecast_ = 0;
}
