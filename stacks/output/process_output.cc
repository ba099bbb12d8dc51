#include "stacks/output/process_output.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_backlog.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/output_cursor.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_search.h"

namespace tallyman::stacks {
namespace {

// Read from one file at a time, so that a file that grows quickly leaves room
// for others.
constexpr int64_t kReadBytes = 256 << 10;

// Renders the lines that come before those of the ring.
class Backlog final : public OutputSink {
 public:
  explicit Backlog(const OutputRenderer& renderer) : renderer_(renderer) {}

  void OnLine(const OutputLine& line) override {
    renderer_.Line(line, events_.emplace_back());
  }
  void OnGap(const OutputGap& gap) override {
    renderer_.Gap(gap, events_.emplace_back());
  }
  void OnMark(const OutputMark& mark) {
    renderer_.Mark(mark, events_.emplace_back());
  }

  std::deque<std::string> Take() { return std::move(events_); }

 private:
  const OutputRenderer& renderer_;
  std::deque<std::string> events_;
};

// As ReadBacklog(), for the lines that match.
absl::Status SearchBacklog(const OutputLogs& logs, const InstanceKey& key,
                           const BacklogRange& range,
                           const FollowRequest& request, OutputSink& sink) {
  const absl::StatusOr<FoundOutput> found =
      SearchOutput(logs, key,
                   {.matches = request.matches,
                    .since = request.since,
                    .end = range.end,
                    .max_lines = range.max_lines,
                    .max_bytes = range.max_bytes});
  if (!found.ok()) return found.status();
  if (found->has_older && request.since != absl::InfinitePast()) {
    sink.OnGap({.reason = OutputGap::Reason::kTooFar, .instance = key.number});
  }
  for (const FoundLine& line : found->lines) {
    sink.OnLine({.instance = key.number,
                 .text = line.text,
                 .is_partial = line.is_partial,
                 .mark = line.mark,
                 .read_at = line.time.seen});
  }
  return absl::OkStatus();
}

}  // namespace

// Renders lines and publishes them together. Needs the mutex of its owner.
class ProcessOutput::Publication final : public OutputSink {
 public:
  Publication(uint64_t ring_id, OutputBroadcast& broadcast)
      : ring_id_(ring_id),
        broadcast_(broadcast),
        next_(broadcast.end()),
        now_(absl::Now()) {}
  ~Publication() override { broadcast_.Publish(std::move(events_)); }
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  void OnLine(const OutputLine& line) override {
    OutputLine marked = line;
    marked.mark.ring = ring_id_;
    marked.mark.sequence = next_++;
    marked.read_at = now_;
    broadcast_.renderer().Line(marked, Append(line.instance));
  }
  void OnGap(const OutputGap& gap) override {
    ++next_;
    broadcast_.renderer().Gap(gap, Append(gap.instance));
  }

 private:
  std::string& Append(int64_t instance) {
    return events_.emplace_back(OutputBroadcast::Event{.instance = instance})
        .bytes;
  }

  const uint64_t ring_id_;
  OutputBroadcast& broadcast_;
  int64_t next_;
  const absl::Time now_;
  std::vector<OutputBroadcast::Event> events_;
};

// Where a stream begins: all parts belong to the same moment.
struct ProcessOutput::Start {
  struct Part {
    int64_t number = 0;
    BacklogRange range;
  };
  std::unique_ptr<OutputFollower> follower;
  bool is_exact = false;           // Resumed in the ring: needs no backlog.
  bool is_unknown = false;         // Begins with a gap.
  std::vector<Part> parts;         // The backlog.
  std::optional<OutputMark> mark;  // After the backlog.
};

ProcessOutput::ProcessOutput(const OutputLogs& logs, InstanceKey process,
                             std::shared_ptr<const OutputRenderer> renderer,
                             size_t ring_bytes)
    : logs_(logs),
      process_(std::move(process)),
      ring_id_(absl::Uniform<uint64_t>(absl::IntervalClosed, absl::BitGen(), 1,
                                       UINT64_MAX)),
      broadcast_(
          std::make_shared<OutputBroadcast>(std::move(renderer), ring_bytes)) {}

InstanceKey ProcessOutput::KeyOf(int64_t number) const {
  InstanceKey key = process_;
  key.number = number;
  return key;
}

std::vector<int64_t> ProcessOutput::instances() const {
  absl::MutexLock lock(&mutex_);
  std::vector<int64_t> numbers;
  numbers.reserve(instances_.size());
  for (const auto& [number, instance] : instances_) numbers.push_back(number);
  return numbers;
}

absl::Status ProcessOutput::Add(int64_t number, OutputCursor::From from) {
  const InstanceKey key = KeyOf(number);
  absl::MutexLock lock(&mutex_);
  const auto present = instances_.find(number);
  if (present != instances_.end()) {
    struct stat info;
    if (lstat(logs_.Path(key).c_str(), &info) != 0 ||
        present->second.cursor->IsFile(info)) {
      return absl::OkStatus();
    }
    ReadRest(present->second);
    from = OutputCursor::From::kBeginning;
  }
  absl::StatusOr<std::unique_ptr<OutputCursor>> cursor =
      OutputCursor::Open(logs_, key, from);
  if (!cursor.ok()) return cursor.status();
  instances_[number] = {.cursor = *std::move(cursor)};
  return absl::OkStatus();
}

absl::StatusOr<bool> ProcessOutput::ReadInstance(Instance& instance,
                                                 Publication& to) {
  OutputCursor& cursor = *instance.cursor;
  absl::StatusOr<bool> more = cursor.Read(kReadBytes, to);
  if (!more.ok() || *more || instance.closes <= cursor.rotations()) {
    return more;
  }
  instance.closes = cursor.rotations();
  cursor.Flush(to);
  return more;
}

absl::StatusOr<bool> ProcessOutput::Read(int64_t number, int closes) {
  absl::MutexLock lock(&mutex_);
  const auto found = instances_.find(number);
  if (found == instances_.end()) return false;
  found->second.closes += closes;
  Publication publication(ring_id_, *broadcast_);
  return ReadInstance(found->second, publication);
}

void ProcessOutput::ReadRest(Instance& instance) {
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) {
    Publication publication(ring_id_, *broadcast_);
    more = instance.cursor->Read(kReadBytes, publication);
  }
  Publication publication(ring_id_, *broadcast_);
  instance.cursor->Flush(publication);
}

void ProcessOutput::Tick() {
  {
    absl::MutexLock lock(&mutex_);
    Publication publication(ring_id_, *broadcast_);
    for (auto& [number, instance] : instances_) {
      const int64_t bytes = instance.cursor->bytes_read();
      if (bytes == instance.ticked_bytes) instance.cursor->Flush(publication);
      instance.ticked_bytes = bytes;
    }
  }
  broadcast_->KeepAlive();
}

void ProcessOutput::Finish() {
  absl::MutexLock lock(&mutex_);
  for (auto& [number, instance] : instances_) ReadRest(instance);
  broadcast_->Close(OutputBroadcast::Reason::kRemoved);
}

ProcessOutput::Start ProcessOutput::Subscribe(const FollowRequest& request) {
  const std::optional<OutputMark>& resume = request.resume;
  absl::MutexLock lock(&mutex_);
  Start start;
  if (resume && resume->ring == ring_id_ &&
      resume->sequence >= broadcast_->begin() - 1 &&
      resume->sequence < broadcast_->end()) {
    start.is_exact = true;
    start.follower =
        broadcast_->Subscribe(request.instance, resume->sequence + 1);
    return start;
  }
  start.follower = broadcast_->Subscribe(request.instance, broadcast_->end());
  std::vector<int64_t> numbers = request.present;
  if (resume && resume->instance != 0 &&
      (request.instance == 0 || request.instance == resume->instance) &&
      !absl::c_linear_search(numbers, resume->instance)) {
    numbers.push_back(resume->instance);
  }
  start.mark = OutputMark();
  bool knows_all = true;
  bool knows_any = false;
  for (const int64_t number : numbers) {
    const auto found = instances_.find(number);
    if (found == instances_.end()) continue;
    const OutputCursor& cursor = *found->second.cursor;
    Start::Part part = {
        .number = number,
        .range = {.end = cursor.line_begin(), .max_lines = request.lines}};
    if (resume && resume->instance == number) {
      const std::optional<OutputPosition> position = cursor.Find(*resume);
      if (position && *position <= part.range.end) part.range.begin = position;
    }
    knows_all &= part.range.begin.has_value();
    knows_any |= part.range.begin.has_value();
    if (start.parts.empty()) start.mark = cursor.mark();
    start.parts.push_back(part);
  }
  start.is_unknown = resume && !(knows_all && knows_any);
  start.mark->ring = ring_id_;
  start.mark->sequence = broadcast_->end() - 1;
  return start;
}

absl::StatusOr<std::unique_ptr<OutputFollower>> ProcessOutput::Follow(
    const FollowRequest& request) {
  Start start = Subscribe(request);
  if (start.is_exact) return std::move(start.follower);
  // The files are read without a lock: the bytes at a position never change.
  Backlog backlog(broadcast_->renderer());
  if (start.is_unknown) {
    backlog.OnGap(
        {.reason = OutputGap::Reason::kUnknown, .instance = request.instance});
  }
  for (Start::Part& part : start.parts) {
    part.range.max_bytes =
        kMaxBacklogBytes / static_cast<int64_t>(start.parts.size());
    const absl::Status status =
        part.range.begin ||
                (!request.matches && request.since == absl::InfinitePast())
            ? ReadBacklog(logs_, KeyOf(part.number), part.range, backlog)
            : SearchBacklog(logs_, KeyOf(part.number), part.range, request,
                            backlog);
    if (!status.ok()) return status;
  }
  backlog.OnMark(*start.mark);
  start.follower->SetBacklog(backlog.Take());
  return std::move(start.follower);
}

}  // namespace tallyman::stacks
