#include "stacks/output/output_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {
namespace {

// After how many intervals a file that could not be watched is tried again.
constexpr int kRetryIntervals = 30;

// The time since some fixed moment; no change of the clock changes it.
absl::Duration Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

// Each file has a watch that fires once. The thread waits until any has; then
// it watches the written files anew, looks at their sizes (in this order, so
// that no write is missed), and rests for an interval in which it doesn't even
// look whether more have fired: however much is written, by however many, the
// thread wakes a few times an interval.
class InotifyWatcher final : public OutputWatcher {
 public:
  InotifyWatcher(const OutputLogs& logs, Options options,
                 base::UniqueFd inotify, base::UniqueFd wake)
      : logs_(logs),
        options_(std::move(options)),
        inotify_(std::move(inotify)),
        wake_(std::move(wake)),
        thread_(&InotifyWatcher::Run, this) {}

  ~InotifyWatcher() override {
    {
      absl::MutexLock lock(&mutex_);
      stop_ = true;
    }
    Wake();
    thread_.join();
  }

  void Add(const InstanceKey& key) override {
    {
      absl::MutexLock lock(&mutex_);
      if (!files_.emplace(key, File()).second) return;
      added_.push_back(key);
    }
    Wake();
  }

  void Remove(const InstanceKey& key) override {
    absl::MutexLock lock(&mutex_);
    const auto file = files_.find(key);
    if (file == files_.end()) return;
    const int watch = file->second.watch;
    if (watch >= 0) {
      keys_.erase(watch);
      // Fails if it has fired just now.
      inotify_rm_watch(inotify_.get(), watch);
    }
    files_.erase(file);
  }

 private:
  struct File {
    int watch = -1;         // -1: there is none, not yet or for some error.
    bool reported = false;  // That error.
  };

  void Wake() {
    const uint64_t one = 1;
    // It can't fail but with EAGAIN, and then the thread is awake.
    [[maybe_unused]] const ssize_t put = write(wake_.get(), &one, sizeof(one));
  }

  void Run() {
    absl::Duration rest_until = absl::ZeroDuration();
    absl::Duration retry_at = absl::InfiniteDuration();
    while (true) {
      const bool resting = Now() < rest_until;
      const absl::Duration until =
          std::min(resting ? rest_until : absl::InfiniteDuration(), retry_at);
      // A negative descriptor is passed over.
      std::array<pollfd, 2> ready = {{
          {.fd = wake_.get(), .events = POLLIN, .revents = 0},
          {.fd = resting ? -1 : inotify_.get(), .events = POLLIN, .revents = 0},
      }};
      timespec timeout;
      const bool limited = until < absl::InfiniteDuration();
      if (limited) {
        timeout =
            absl::ToTimespec(std::max(until - Now(), absl::ZeroDuration()));
      }
      const int count = ppoll(ready.data(), ready.size(),
                              limited ? &timeout : nullptr, nullptr);
      if (count < 0) CHECK(errno == EINTR || errno == ENOMEM);
      if (count < 0) continue;

      std::set<InstanceKey> written;
      if (ready[0].revents != 0) {
        uint64_t wakes = 0;
        [[maybe_unused]] const ssize_t got =
            read(wake_.get(), &wakes, sizeof(wakes));
        absl::MutexLock lock(&mutex_);
        if (stop_) return;
        written.insert(added_.begin(), added_.end());
        added_.clear();
      }
      if (ready[1].revents != 0) {
        std::set<InstanceKey> fired = Fired();
        if (!fired.empty()) rest_until = Now() + options_.interval;
        written.merge(fired);
      }
      if (Now() >= retry_at) written.merge(unwatched_);
      for (const InstanceKey& key : written) Look(key);
      if (unwatched_.empty()) {
        retry_at = absl::InfiniteDuration();
      } else if (Now() >= retry_at || retry_at == absl::InfiniteDuration()) {
        retry_at = Now() + kRetryIntervals * options_.interval;
      }
    }
  }

  // Reads all events: the files that were written to, or whose watch is gone.
  std::set<InstanceKey> Fired() {
    std::set<InstanceKey> fired;
    alignas(inotify_event) std::array<char, 16384> buffer;
    while (true) {
      const ssize_t got = read(inotify_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return fired;
      absl::MutexLock lock(&mutex_);
      for (size_t at = 0; at < static_cast<size_t>(got);) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof(event));
        at += sizeof(event) + event.len;
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
          for (const auto& [key, file] : files_) fired.insert(key);
          continue;
        }
        // IN_MODIFY, or IN_IGNORED: the kernel may still be about to remove a
        // watch that has fired when it is asked to renew it, which then comes
        // to nothing. Those of watches that were replaced aren't known here.
        const auto key = keys_.find(event.wd);
        if (key != keys_.end()) fired.insert(key->second);
      }
    }
  }

  // Watches the file for its next write, then rotates it if it is too large.
  void Look(const InstanceKey& key) {
    bool removed = false;
    const absl::Status watched = Watch(key, removed);
    if (removed) return;
    if (!watched.ok()) Report(watched);
    const absl::StatusOr<bool> rotated = logs_.RotateIfLarge(key);
    if (!rotated.ok()) Report(rotated.status());
    if (rotated.ok() && *rotated && options_.on_rotated) {
      options_.on_rotated(key);
    }
  }

  // Sets `removed` if the file is watched no more. An error that was returned
  // before is OK.
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
    absl::Status status = absl::ErrnoToStatus(
        error, absl::StrCat("output file \"", path, "\" can't be watched"));
    if (error == ENOENT) {
      // It was removed together with its stack, unless it never was.
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
  const base::UniqueFd wake_;  // An eventfd(2).
  // Files to be tried again. The thread's alone.
  std::set<InstanceKey> unwatched_;

  absl::Mutex mutex_;
  std::map<InstanceKey, File> files_ ABSL_GUARDED_BY(mutex_);
  std::map<int, InstanceKey> keys_ ABSL_GUARDED_BY(mutex_);  // By watch.
  std::vector<InstanceKey> added_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // Last: it uses all of the above.
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
  base::UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) {
    return absl::ErrnoToStatus(errno, "output files can't be watched");
  }
  return std::make_unique<InotifyWatcher>(logs, std::move(options),
                                          std::move(inotify), std::move(wake));
}

}  // namespace tallyman::stacks
