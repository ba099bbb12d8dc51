#include "stacks/output/output_watcher.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_file_error.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {
namespace {

// A file that can't be watched is tried again after this many intervals.
constexpr int kRetryIntervals = 30;

// Each file has a watch that fires once (IN_ONESHOT). The thread waits until a
// watch fires, watches the written files anew, then looks at their sizes: in
// this order it misses no write. Then it rests: for an interval it does not
// wait for inotify, so that the number of its wake-ups does not depend on how
// much is written, nor on the number of writers.
class InotifyWatcher final : public OutputWatcher {
 public:
  InotifyWatcher(const OutputLogs& logs, Options options,
                 base::UniqueFd inotify, std::unique_ptr<base::EventLoop> loop)
      : logs_(logs),
        options_(std::move(options)),
        inotify_(std::move(inotify)),
        loop_(std::move(loop)),
        inotify_watch_(WatchInotify()),
        thread_(*loop_, [this] { CheckAdded(); }) {}

  void Add(const InstanceKey& key) override {
    {
      absl::MutexLock lock(&mutex_);
      if (!files_.emplace(key, File()).second) return;
      added_.push_back(key);
    }
    loop_->Wake();
  }

  void Remove(const InstanceKey& key) override {
    {
      absl::MutexLock lock(&mutex_);
      const auto file = files_.find(key);
      if (file == files_.end()) return;
      const int watch = file->second.watch;
      if (watch >= 0) {
        keys_.erase(watch);
        // Fails if the watch has just fired.
        inotify_rm_watch(inotify_.get(), watch);
      }
      files_.erase(file);
      removed_.push_back(key);
    }
    loop_->Wake();
  }

 private:
  struct File {
    int watch = -1;         // -1: not watched yet, or it can't be.
    bool reported = false;  // The latter was reported.
  };

  base::EventLoop::Registration WatchInotify() {
    return loop_->WatchFd(inotify_.get(), EPOLLIN,
                          [this](uint32_t) { OnWritten(); });
  }

  // Runs after each round of the loop, thus after each Add() and Remove().
  void CheckAdded() {
    std::vector<InstanceKey> added;
    std::vector<InstanceKey> removed;
    {
      absl::MutexLock lock(&mutex_);
      added.swap(added_);
      removed.swap(removed_);
    }
    // What a program writes before it ends.
    for (const InstanceKey& key : removed) Mark(key, LastQuiet(absl::Now()));
    // When the bytes of the others were written is unknown.
    for (const InstanceKey& key : added) Check(key, absl::InfinitePast());
    for (const InstanceKey& key : added) Rotate(key);
  }

  void OnWritten() {
    const absl::Time now = absl::Now();
    const absl::Time quiet = LastQuiet(now);
    const std::set<InstanceKey> written = ReadEvents();
    last_read_ = now;
    if (written.empty()) return;
    inotify_watch_.reset();
    rest_ = loop_->RunAfter(options_.interval, [this] {
      rested_ = absl::Now();
      inotify_watch_ = WatchInotify();
    });
    for (const InstanceKey& key : written) Check(key, quiet);
    // After all checks: it can take long.
    for (const InstanceKey& key : written) Rotate(key);
  }

  // The time after which files were written whose events are read at `now`: the
  // last read had no events of them, and a thread that waits wakes at the first
  // event.
  absl::Time LastQuiet(absl::Time now) const {
    const absl::Time waiting = now - options_.interval;
    return rested_ <= waiting ? std::max(last_read_, waiting) : last_read_;
  }

  void Mark(const InstanceKey& key, absl::Time after) {
    const absl::Status marked = logs_.MarkTime(key, after, absl::Now);
    if (!marked.ok()) Report(marked);
  }

  // Reads all events. Returns the files that were written to, and those whose
  // watch is gone.
  std::set<InstanceKey> ReadEvents() {
    std::set<InstanceKey> written;
    alignas(inotify_event) std::array<char, 16384> buffer;
    while (true) {
      const ssize_t got = read(inotify_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return written;
      absl::MutexLock lock(&mutex_);
      for (size_t at = 0; at < static_cast<size_t>(got);) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof(event));
        at += sizeof(event) + event.len;
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
          for (const auto& [key, file] : files_) written.insert(key);
          continue;
        }
        // IN_MODIFY or IN_IGNORED. The latter matters: if a watch that fired is
        // renewed before the kernel removed it, the renewal is lost with it.
        // Watches that were replaced since are no longer in `keys_`.
        const auto key = keys_.find(event.wd);
        if (key != keys_.end()) written.insert(key->second);
      }
    }
  }

  // Watches the file for its next write, then marks what was written after
  // `after`. In this order no write is without a mark.
  void Check(const InstanceKey& key, absl::Time after) {
    bool removed = false;
    const absl::Status watched = Watch(key, removed);
    if (unwatched_.empty()) {
      retry_.reset();
    } else if (!retry_.active()) {
      retry_ = loop_->RunAfter(kRetryIntervals * options_.interval,
                               [this] { RetryUnwatched(); });
    }
    if (removed) return;
    if (!watched.ok()) Report(watched);
    Mark(key, after);
  }

  // Rotates the file if it is too large.
  void Rotate(const InstanceKey& key) {
    const absl::StatusOr<bool> rotated = logs_.RotateIfLarge(key);
    if (!rotated.ok()) Report(rotated.status());
    if (rotated.ok() && *rotated && options_.on_rotated) {
      options_.on_rotated(key);
    }
  }

  void RetryUnwatched() {
    retry_.reset();
    // A copy: Check() changes the set.
    const std::set<InstanceKey> unwatched = unwatched_;
    for (const InstanceKey& key : unwatched) {
      Check(key, absl::InfinitePast());
      Rotate(key);
    }
  }

  // Sets `removed` if the file needs no watch any more. Returns an error once
  // for each file that can't be watched, then OK until it can.
  absl::Status Watch(const InstanceKey& key, bool& removed) {
    absl::MutexLock lock(&mutex_);
    const auto entry = files_.find(key);
    removed = entry == files_.end();
    if (removed) return absl::OkStatus();
    File& file = entry->second;
    const bool is_new = file.watch < 0;
    if (!is_new) keys_.erase(file.watch);
    const std::string path = logs_.Path(key);
    file.watch =
        inotify_add_watch(inotify_.get(), path.c_str(), IN_MODIFY | IN_ONESHOT);
    if (file.watch >= 0) {
      file.reported = false;
      unwatched_.erase(key);
      keys_.insert_or_assign(file.watch, key);
      return absl::OkStatus();
    }
    const int error = errno;
    absl::Status status = OutputFileError(error, path, "can't be watched");
    if (error == ENOENT) {
      // A file that was watched before was removed with its stack. One that
      // never was is an error of the caller.
      files_.erase(entry);
      unwatched_.erase(key);
      removed = !is_new;
      return is_new ? status : absl::OkStatus();
    }
    unwatched_.insert(key);
    if (std::exchange(file.reported, true)) return absl::OkStatus();
    return status;
  }

  void Report(const absl::Status& status) {
    if (options_.on_error) options_.on_error(status);
  }

  const OutputLogs& logs_;
  const Options options_;
  const base::UniqueFd inotify_;
  const std::unique_ptr<base::EventLoop> loop_;
  // The following six are used by the thread only.
  base::EventLoop::Registration inotify_watch_;  // Inactive while it rests.
  base::EventLoop::Registration rest_;
  absl::Time last_read_ = absl::InfinitePast();  // Of events.
  absl::Time rested_ = absl::InfinitePast();     // The end of the last rest.
  std::set<InstanceKey> unwatched_;  // Files that can't be watched now.
  base::EventLoop::Registration retry_;

  absl::Mutex mutex_;
  std::map<InstanceKey, File> files_ ABSL_GUARDED_BY(mutex_);
  std::map<int, InstanceKey> keys_ ABSL_GUARDED_BY(mutex_);  // By watch.
  std::vector<InstanceKey> added_ ABSL_GUARDED_BY(mutex_);
  std::vector<InstanceKey> removed_ ABSL_GUARDED_BY(mutex_);

  base::LoopThread thread_;  // Last: it uses all of the above.
};

}  // namespace

absl::StatusOr<std::unique_ptr<OutputWatcher>> OutputWatcher::Start(
    const OutputLogs& logs, Options options) {
  if (options.interval <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("interval ", absl::FormatDuration(options.interval),
                     " between looks at output files is not positive"));
  }
  base::UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.valid()) {
    return absl::ErrnoToStatus(
        errno,
        "output files can't be watched (the limit may be "
        "fs.inotify.max_user_instances)");
  }
  absl::StatusOr<std::unique_ptr<base::EventLoop>> loop =
      base::EventLoop::Create();
  if (!loop.ok()) {
    return absl::Status(loop.status().code(),
                        absl::StrCat("output files can't be watched: ",
                                     loop.status().message()));
  }
  return std::make_unique<InotifyWatcher>(logs, std::move(options),
                                          std::move(inotify), *std::move(loop));
}

}  // namespace tallyman::stacks
