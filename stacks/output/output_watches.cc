#include "stacks/output/output_watches.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_file_error.h"
#include "stacks/output/output_file_name.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {
namespace {

using Kind = OutputWatches::Change::Kind;

InstanceKey KeyOfStack(std::string_view stack_uid) {
  return {.stack_uid = std::string(stack_uid)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputWatches>> OutputWatches::Create(
    const OutputLogs& logs) {
  base::UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.valid()) {
    return absl::ErrnoToStatus(errno,
                               "output can't be followed (the limit may be "
                               "fs.inotify.max_user_instances)");
  }
  return absl::WrapUnique(new OutputWatches(logs, std::move(inotify)));
}

absl::Status OutputWatches::WatchStacks() {
  return Watch(
      {}, logs_.directory(),
      IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR);
}

absl::Status OutputWatches::WatchStack(std::string_view stack_uid) {
  return Watch(KeyOfStack(stack_uid), logs_.StackDirectory(stack_uid),
               IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
}

absl::Status OutputWatches::WatchFile(const InstanceKey& key) {
  return Watch(key, logs_.Path(key), IN_MODIFY | IN_CLOSE_WRITE);
}

absl::Status OutputWatches::Watch(const InstanceKey& key,
                                  const std::string& path, uint32_t mask) {
  absl::MutexLock lock(&mutex_);
  // The same file gets the same watch, a file that replaced it another one.
  const int watch =
      inotify_add_watch(inotify_.get(), path.c_str(), mask | IN_DONT_FOLLOW);
  if (watch < 0) return OutputFileError(errno, path, "can't be watched");
  const auto [entry, is_new] = watches_.emplace(key, watch);
  if (!is_new && entry->second != watch) {
    keys_.erase(entry->second);
    // Fails if the kernel has removed it with its file.
    inotify_rm_watch(inotify_.get(), entry->second);
    entry->second = watch;
  }
  keys_.insert_or_assign(watch, key);
  return absl::OkStatus();
}

void OutputWatches::UnwatchStack(std::string_view stack_uid) {
  Unwatch(KeyOfStack(stack_uid));
}

void OutputWatches::UnwatchFile(const InstanceKey& key) { Unwatch(key); }

void OutputWatches::Unwatch(const InstanceKey& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = watches_.find(key);
  if (found == watches_.end()) return;
  keys_.erase(found->second);
  inotify_rm_watch(inotify_.get(), found->second);
  watches_.erase(found);
}

std::vector<OutputWatches::Change> OutputWatches::Read() {
  std::vector<Change> changes;
  alignas(inotify_event) std::array<char, 16384> buffer;
  while (true) {
    const ssize_t got = read(inotify_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return changes;
    absl::MutexLock lock(&mutex_);
    for (size_t at = 0; at < static_cast<size_t>(got);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      // NULs pad the name.
      const char* const name = buffer.data() + at + sizeof(event);
      Translate(event.wd, event.mask,
                std::string_view(name, strnlen(name, event.len)), changes);
      at += sizeof(event) + event.len;
    }
  }
}

void OutputWatches::Translate(int watch, uint32_t mask, std::string_view name,
                              std::vector<Change>& changes) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    changes.push_back({.kind = Kind::kOverflow});
    return;
  }
  const auto found = keys_.find(watch);
  if (found == keys_.end()) return;  // Not watched any more.
  const InstanceKey key = found->second;
  const bool is_file = !key.process.empty();
  if ((mask & IN_IGNORED) != 0) {
    keys_.erase(found);
    watches_.erase(key);
    return;
  }
  if (is_file) {
    if ((mask & IN_MODIFY) != 0) {
      changes.push_back({.kind = Kind::kWritten, .key = key});
    }
    if ((mask & IN_CLOSE_WRITE) != 0) {
      changes.push_back({.kind = Kind::kClosed, .key = key});
    }
    return;
  }
  // The directory itself does not say that it was removed as long as a file
  // in it is open.
  if (key.stack_uid.empty()) {
    const bool is_new = (mask & (IN_CREATE | IN_MOVED_TO)) != 0;
    changes.push_back(
        {.kind = is_new ? Kind::kStackCreated : Kind::kStackRemoved,
         .key = KeyOfStack(name)});
    return;
  }
  std::optional<InstanceKey> created = OutputKeyOfFile(key.stack_uid, name);
  if (created) {
    changes.push_back({.kind = Kind::kCreated, .key = *std::move(created)});
  }
}

}  // namespace tallyman::stacks
