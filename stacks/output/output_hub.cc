#include "stacks/output/output_hub.h"

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/output_cursor.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_watches.h"
#include "stacks/output/process_output.h"

namespace tallyman::stacks {
namespace {

using Change = OutputWatches::Change;
using ProcessKey = std::pair<std::string, std::string>;  // Stack, process.

ProcessKey ProcessOf(const InstanceKey& key) {
  return {key.stack_uid, key.process};
}

class InotifyHub final : public OutputHub {
 public:
  InotifyHub(const OutputLogs& logs, Options options,
             std::unique_ptr<OutputWatches> watches,
             std::unique_ptr<base::EventLoop> loop)
      : logs_(logs),
        options_(std::move(options)),
        watches_(std::move(watches)),
        loop_(std::move(loop)),
        changes_watch_(WatchChanges()),
        thread_(*loop_, [this] { AfterRound(); }) {}
  ~InotifyHub() override {
    absl::MutexLock lock(&mutex_);
    for (const auto& [key, process] : processes_) process.output->Close();
  }
  InotifyHub(const InotifyHub&) = delete;
  InotifyHub& operator=(const InotifyHub&) = delete;

  absl::StatusOr<std::unique_ptr<OutputFollower>> Follow(
      const std::string& stack_uid, const std::string& process,
      const FollowRequest& request,
      std::shared_ptr<const OutputRenderer> renderer) override;

  void CheckProcesses() override {
    must_check_.store(true);
    if (count_.load() > 0) loop_->Wake();
  }

  int processes() const override { return count_.load(); }

 private:
  struct Process {
    std::shared_ptr<ProcessOutput> output;
    int joining = 0;  // Calls of Follow() in progress.
    // It had no followers at the last tick.
    bool is_idle = false;
    // Its directory or some file can't be watched; tried again at each tick.
    bool is_incomplete = false;
  };
  // Files to read, and how often they were closed.
  using Files = std::map<InstanceKey, int>;

  base::EventLoop::Registration WatchChanges() {
    return loop_->WatchFd(watches_->fd(), EPOLLIN,
                          [this](uint32_t) { OnChanges(); });
  }
  void AfterRound();
  void OnChanges();
  void Rest();
  // Adds what the changes mean for files that are read to `files_`.
  void Apply(const Change& change) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnCreated(const InstanceKey& key) ABSL_LOCKS_EXCLUDED(mutex_);
  void ReadFiles();
  void Tick();

  std::shared_ptr<ProcessOutput> Find(const InstanceKey& key);
  // Watches and reads the directory of a process and all its files; `from`
  // where it begins to read files that are new to it. NotFound if there is no
  // directory yet.
  absl::Status AddFiles(const ProcessKey& key, ProcessOutput& output,
                        OutputCursor::From from);
  absl::Status AddFile(const InstanceKey& key, ProcessOutput& output,
                       OutputCursor::From from);
  // Undoes AddFiles() for a process that is not in processes_.
  void Unwatch(const ProcessKey& key, const ProcessOutput& output)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // As AddFiles(), for files that were made while the process is followed.
  void Complete(const ProcessKey& key, Process& process)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The processes for which `which(key, process)` is true; they are followed no
  // more.
  template <typename Which>
  std::vector<std::shared_ptr<ProcessOutput>> Remove(Which which);
  void Report(const absl::Status& status) const {
    if (options_.on_error) options_.on_error(status);
  }

  const OutputLogs& logs_;
  const Options options_;
  const std::unique_ptr<OutputWatches> watches_;
  const std::unique_ptr<base::EventLoop> loop_;
  std::atomic<int> count_ = 0;  // Of processes_.
  std::atomic<bool> must_check_ = false;
  // The following four are used by the thread only.
  base::EventLoop::Registration changes_watch_;  // Inactive while it rests.
  base::EventLoop::Registration rest_;
  base::EventLoop::Registration tick_;  // Active while processes are followed.
  Files files_;

  mutable absl::Mutex mutex_;
  std::map<ProcessKey, Process> processes_ ABSL_GUARDED_BY(mutex_);

  base::LoopThread thread_;  // Last: it uses all of the above.
};

absl::StatusOr<std::unique_ptr<OutputFollower>> InotifyHub::Follow(
    const std::string& stack_uid, const std::string& process,
    const FollowRequest& request,
    std::shared_ptr<const OutputRenderer> renderer) {
  const ProcessKey key = {stack_uid, process};
  std::shared_ptr<ProcessOutput> output;
  {
    absl::MutexLock lock(&mutex_);
    if (const auto found = processes_.find(key); found != processes_.end()) {
      output = found->second.output;
    } else {
      if (absl::Status status = watches_->WatchStacks(); !status.ok()) {
        return status;
      }
      output = std::make_shared<ProcessOutput>(
          logs_, InstanceKey{.stack_uid = stack_uid, .process = process},
          std::move(renderer), options_.ring_bytes);
      absl::Status added = AddFiles(key, *output, OutputCursor::From::kEnd);
      if (!added.ok() && !absl::IsNotFound(added)) {
        Unwatch(key, *output);
        return added;
      }
      processes_[key] = {.output = output, .is_incomplete = !added.ok()};
      count_.store(static_cast<int>(processes_.size()));
      // The process may have been removed before it was known here. Also starts
      // tick_.
      must_check_.store(true);
      loop_->Wake();
    }
    ++processes_[key].joining;
  }
  // Without the mutex: it reads files.
  absl::StatusOr<std::unique_ptr<OutputFollower>> follower =
      output->Follow(request);
  absl::MutexLock lock(&mutex_);
  // The process may have been removed, and followed again.
  const auto found = processes_.find(key);
  if (found != processes_.end() && found->second.output == output) {
    --found->second.joining;
  }
  return follower;
}

absl::Status InotifyHub::AddFile(const InstanceKey& key, ProcessOutput& output,
                                 OutputCursor::From from) {
  // In this order no write is missed.
  if (absl::Status status = watches_->WatchFile(key); !status.ok()) {
    return status;
  }
  absl::Status added = output.Add(key.number, from);
  if (!added.ok()) watches_->UnwatchFile(key);
  return added;
}

void InotifyHub::Unwatch(const ProcessKey& key, const ProcessOutput& output) {
  for (const int64_t number : output.instances()) {
    watches_->UnwatchFile(
        {.stack_uid = key.first, .process = key.second, .number = number});
  }
  const auto other = processes_.lower_bound({key.first, ""});
  if (other == processes_.end() || other->first.first != key.first) {
    watches_->UnwatchStack(key.first);
  }
}

absl::Status InotifyHub::AddFiles(const ProcessKey& key, ProcessOutput& output,
                                  OutputCursor::From from) {
  if (absl::Status status = watches_->WatchStack(key.first); !status.ok()) {
    return status;
  }
  const absl::StatusOr<std::vector<int64_t>> numbers =
      logs_.Instances(key.first, key.second);
  if (!numbers.ok()) return numbers.status();
  for (const int64_t number : *numbers) {
    absl::Status status = AddFile(
        {.stack_uid = key.first, .process = key.second, .number = number},
        output, from);
    // Removed since.
    if (!status.ok() && !absl::IsNotFound(status)) return status;
  }
  return absl::OkStatus();
}

void InotifyHub::Complete(const ProcessKey& key, Process& process) {
  const absl::Status status =
      AddFiles(key, *process.output, OutputCursor::From::kBeginning);
  process.is_incomplete = !status.ok();
  if (!status.ok() && !absl::IsNotFound(status)) Report(status);
  for (const int64_t number : process.output->instances()) {
    files_.try_emplace(
        {.stack_uid = key.first, .process = key.second, .number = number}, 0);
  }
}

std::shared_ptr<ProcessOutput> InotifyHub::Find(const InstanceKey& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = processes_.find(ProcessOf(key));
  return found == processes_.end() ? nullptr : found->second.output;
}

template <typename Which>
std::vector<std::shared_ptr<ProcessOutput>> InotifyHub::Remove(Which which) {
  std::vector<std::shared_ptr<ProcessOutput>> removed;
  absl::MutexLock lock(&mutex_);
  for (auto it = processes_.begin(); it != processes_.end();) {
    if (!which(it->first, it->second)) {
      ++it;
      continue;
    }
    const ProcessKey key = it->first;
    removed.push_back(it->second.output);
    it = processes_.erase(it);
    Unwatch(key, *removed.back());
  }
  count_.store(static_cast<int>(processes_.size()));
  return removed;
}

void InotifyHub::AfterRound() {
  if (must_check_.exchange(false) && options_.exists) {
    const auto is_gone = [this](const ProcessKey& key, const Process&) {
      return !options_.exists(key.first, key.second);
    };
    for (const auto& output : Remove(is_gone)) output->Finish();
  }
  if (count_.load() > 0 && !tick_.active()) {
    tick_ = loop_->RunAfter(options_.keep_alive, [this] { Tick(); });
  }
}

void InotifyHub::OnChanges() {
  for (const Change& change : watches_->Read()) Apply(change);
  ReadFiles();
  Rest();
}

void InotifyHub::Rest() {
  changes_watch_.reset();
  rest_ = loop_->RunAfter(options_.interval, [this] {
    changes_watch_ = WatchChanges();
    // More than was read at once.
    if (!files_.empty()) OnChanges();
  });
}

void InotifyHub::Apply(const Change& change) {
  const InstanceKey& key = change.key;
  switch (change.kind) {
    case Change::Kind::kWritten:
      files_.try_emplace(key, 0);
      return;
    case Change::Kind::kClosed:
      ++files_[key];
      return;
    case Change::Kind::kStackRemoved: {
      const auto is_gone = [&key](const ProcessKey& process, const Process&) {
        return process.first == key.stack_uid;
      };
      for (const auto& output : Remove(is_gone)) output->Finish();
      return;
    }
    case Change::Kind::kCreated:
      OnCreated(key);
      return;
    case Change::Kind::kStackCreated:
    case Change::Kind::kOverflow:
      break;
  }
  absl::MutexLock lock(&mutex_);
  for (auto& [process_key, process] : processes_) {
    if (change.kind == Change::Kind::kOverflow ||
        process_key.first == key.stack_uid) {
      Complete(process_key, process);
    }
  }
}

void InotifyHub::OnCreated(const InstanceKey& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = processes_.find(ProcessOf(key));
  if (found == processes_.end()) return;
  Process& process = found->second;
  const absl::Status status =
      AddFile(key, *process.output, OutputCursor::From::kBeginning);
  if (!status.ok() && !absl::IsNotFound(status)) {
    process.is_incomplete = true;
    Report(status);
  }
  files_.try_emplace(key, 0);
}

void InotifyHub::ReadFiles() {
  Files more;
  for (const auto& [key, closes] : files_) {
    const std::shared_ptr<ProcessOutput> output = Find(key);
    if (output == nullptr) continue;
    const absl::StatusOr<bool> read = output->Read(key.number, closes);
    if (!read.ok()) {
      Report(read.status());
    } else if (*read) {
      more.emplace(key, 0);
    }
  }
  files_ = std::move(more);
}

void InotifyHub::Tick() {
  tick_.reset();
  Remove([](const ProcessKey&, Process& process) {
    const bool was_idle = process.is_idle;
    process.is_idle = process.joining == 0 && process.output->followers() == 0;
    return was_idle && process.is_idle;
  });
  std::vector<std::shared_ptr<ProcessOutput>> outputs;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [key, process] : processes_) {
      if (process.is_incomplete) Complete(key, process);
      outputs.push_back(process.output);
    }
  }
  for (const auto& output : outputs) output->Tick();
  if (files_.empty()) return;
  ReadFiles();
  Rest();
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputHub>> OutputHub::Start(
    const OutputLogs& logs, Options options) {
  if (options.interval < absl::ZeroDuration() ||
      options.keep_alive <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "interval ", absl::FormatDuration(options.interval), " or keep-alive ",
        absl::FormatDuration(options.keep_alive), " of a hub is not positive"));
  }
  absl::StatusOr<std::unique_ptr<OutputWatches>> watches =
      OutputWatches::Create(logs);
  if (!watches.ok()) return watches.status();
  absl::StatusOr<std::unique_ptr<base::EventLoop>> loop =
      base::EventLoop::Create();
  if (!loop.ok()) {
    return absl::Status(
        loop.status().code(),
        absl::StrCat("output can't be followed: ", loop.status().message()));
  }
  return std::make_unique<InotifyHub>(logs, std::move(options),
                                      *std::move(watches), *std::move(loop));
}

}  // namespace tallyman::stacks
