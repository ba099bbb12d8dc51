#include "stacks/output/output_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/text.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_file_error.h"
#include "stacks/output/output_rotation.h"

namespace tallyman::stacks {
namespace {

constexpr int64_t kMinMaxBytes = 4096;
constexpr int64_t kReadBytes = 64 << 10;  // By one step of Tail().
constexpr size_t kLastLineBytes = 500;
// How many bytes LastLine() reads at first, then at most.
constexpr int64_t kLastLineWindows[] = {4 << 10, 64 << 10};

absl::Status CheckStackUid(std::string_view uid) {
  const bool ok = !uid.empty() && uid.size() <= 64 &&
                  std::all_of(uid.begin(), uid.end(), [](unsigned char byte) {
                    return absl::ascii_isxdigit(byte);
                  });
  if (ok) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "stack uid ", base::Quote(uid), " is not a hexadecimal number"));
}

absl::Status CheckKey(const InstanceKey& key) {
  if (absl::Status status = CheckStackUid(key.stack_uid); !status.ok()) {
    return status;
  }
  const std::string& name = key.process;
  const bool ok = !name.empty() && name.size() <= 64 && name != "." &&
                  name != ".." &&
                  std::all_of(name.begin(), name.end(), [](unsigned char byte) {
                    return absl::ascii_isalnum(byte) || byte == '_' ||
                           byte == '.' || byte == '-';
                  });
  if (!ok) {
    return absl::InvalidArgumentError(
        absl::StrCat("process name ", base::Quote(name), " can't name a file"));
  }
  if (key.number < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("instance ", key.number, " of process ", base::Quote(name),
                     " can't be; numbers begin with 1"));
  }
  return absl::OkStatus();
}

// Opens for reading; an invalid descriptor if there is no such file.
// O_NONBLOCK: a program of our user could have put a FIFO there.
absl::StatusOr<base::UniqueFd> OpenToRead(const std::string& path) {
  base::UniqueFd fd(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid() && errno != ENOENT) {
    return OutputFileError(errno, path, "can't be opened");
  }
  return fd;
}

absl::StatusOr<int64_t> SizeOf(const base::UniqueFd& fd,
                               const std::string& path) {
  if (!fd.valid()) return 0;
  struct stat info;
  if (fstat(fd.get(), &info) != 0) {
    return OutputFileError(errno, path, "can't be examined");
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("output file \"", path, "\" is not a regular file"));
  }
  return info.st_size;
}

// Both files of an instance, read as one.
class Output {
 public:
  static absl::StatusOr<Output> Open(const std::string& path) {
    Output output;
    const std::string paths[] = {RotatedOutputPath(path), path};
    for (size_t i = 0; i < output.parts_.size(); ++i) {
      Part& part = output.parts_[i];
      part.path = paths[i];
      absl::StatusOr<base::UniqueFd> fd = OpenToRead(part.path);
      if (!fd.ok()) return fd.status();
      part.fd = *std::move(fd);
      absl::StatusOr<int64_t> size = SizeOf(part.fd, part.path);
      if (!size.ok()) return size.status();
      part.size = *size;
    }
    return output;
  }

  int64_t size() const { return parts_[0].size + parts_[1].size; }

  // The bytes from `begin` to `end`; fewer if the program truncated its file.
  absl::StatusOr<std::string> Read(int64_t begin, int64_t end) const {
    std::string bytes(static_cast<size_t>(end - begin), '\0');
    size_t filled = 0;
    int64_t part_begin = 0;
    for (const Part& part : parts_) {
      int64_t at = std::max(begin, part_begin) - part_begin;
      const int64_t until = std::min(end - part_begin, part.size);
      while (at < until) {
        const ssize_t got = pread(part.fd.get(), bytes.data() + filled,
                                  static_cast<size_t>(until - at), at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return OutputFileError(errno, part.path, "can't be read");
        if (got == 0) break;
        at += got;
        filled += static_cast<size_t>(got);
      }
      part_begin += part.size;
    }
    bytes.resize(filled);
    return bytes;
  }

 private:
  struct Part {
    std::string path;
    base::UniqueFd fd;
    int64_t size = 0;
  };
  std::array<Part, 2> parts_;  // Older first.
};

// Removes the last line from `text` with its end, and returns it without. Sets
// `is_first` if no line was before it. `text` must not be empty.
std::string_view TakeLastLine(std::string_view& text, bool& is_first) {
  const bool has_end = absl::ConsumeSuffix(&text, "\n");
  const size_t before = text.rfind('\n');
  is_first = before == std::string_view::npos;
  const size_t begin = is_first ? 0 : before + 1;
  std::string_view line = text.substr(begin);
  text = text.substr(0, begin);
  if (has_end) absl::ConsumeSuffix(&line, "\r");
  return line;
}

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// The first kLastLineBytes of `line`, without a part of a UTF-8 character.
std::string_view CutLine(std::string_view line) {
  if (line.size() <= kLastLineBytes) return line;
  size_t size = kLastLineBytes;
  // A character has at most three bytes after its first.
  while (size > kLastLineBytes - 3 && IsContinuation(line[size])) --size;
  if (IsContinuation(line[size])) size = kLastLineBytes;
  return line.substr(0, size);
}

}  // namespace

// By stack, so that the removal of a stack excludes its rotations.
struct OutputLogs::Locks {
  struct Lock {
    // Held by a rotation from beginning to end, and to remove a stack. Taken
    // before `moving`.
    absl::Mutex rotating;
    // Held by readers (shared), and by a rotation while bytes are in both files
    // or in none.
    absl::Mutex moving;
  };
  Lock& For(std::string_view stack_uid) {
    return locks[std::hash<std::string_view>()(stack_uid) % locks.size()];
  }
  std::array<Lock, 32> locks;
};

OutputLogs::OutputLogs(std::string directory, Options options)
    : directory_(std::move(directory)),
      options_(options),
      locks_(std::make_shared<Locks>()) {}

absl::StatusOr<OutputLogs> OutputLogs::Open(std::string directory,
                                            Options options) {
  if (options.max_bytes < kMinMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("output files of at most ", options.max_bytes,
                     " bytes are too small; the least is ", kMinMaxBytes));
  }
  struct stat info;
  const bool made = mkdir(directory.c_str(), 0700) == 0;
  const int error = made ? 0 : errno;
  if (!made && (error != EEXIST || stat(directory.c_str(), &info) != 0)) {
    return absl::ErrnoToStatus(
        error, absl::StrCat("directory of output files \"", directory,
                            "\" can't be made"));
  }
  if (!made && !S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "directory of output files \"", directory, "\" is a file"));
  }
  return OutputLogs(std::move(directory), options);
}

std::string OutputLogs::Path(const InstanceKey& key) const {
  if (!CheckKey(key).ok()) return "";
  return absl::StrCat(directory_, "/", key.stack_uid, "/", key.process, ".",
                      key.number, ".log");
}

absl::StatusOr<base::UniqueFd> OutputLogs::OpenForAppend(
    const InstanceKey& key) const {
  if (absl::Status status = CheckKey(key); !status.ok()) return status;
  const std::string path = Path(key);
  const auto try_open = [&path] {
    return base::UniqueFd(open(path.c_str(),
                               O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
                                   O_NOFOLLOW |
                                   O_NONBLOCK,  // No wait for a FIFO.
                               0600));
  };
  base::UniqueFd fd = try_open();
  if (!fd.valid() && errno == ENOENT) {
    const std::string directory = absl::StrCat(directory_, "/", key.stack_uid);
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return OutputFileError(errno, path, "can't be made: its directory can't");
    }
    fd = try_open();
  }
  if (!fd.valid()) return OutputFileError(errno, path, "can't be opened");
  absl::StatusOr<int64_t> size = SizeOf(fd, path);
  if (!size.ok()) return size.status();
  return fd;
}

absl::StatusOr<std::vector<std::string>> OutputLogs::Tail(
    const InstanceKey& key, int64_t lines) const {
  if (absl::Status status = CheckKey(key); !status.ok()) return status;
  const size_t desired =
      static_cast<size_t>(std::clamp<int64_t>(lines, 0, kMaxLogLines));
  std::vector<std::string> tail;
  if (desired == 0) return tail;

  std::string text;
  bool begins_with_line = true;
  {
    absl::ReaderMutexLock lock(&locks_->For(key.stack_uid).moving);
    absl::StatusOr<Output> output = Output::Open(Path(key));
    if (!output.ok()) return output.status();
    const int64_t oldest = std::max<int64_t>(0, output->size() - kMaxLogBytes);
    std::vector<std::string> blocks;  // Newest first.
    // Line ends before the last byte, which is the end of the last line, or
    // part of one without an end.
    size_t ends = 0;
    int64_t begin = output->size();
    while (begin > oldest && ends < desired) {
      const int64_t end = begin;
      begin = std::max(oldest, end - kReadBytes);
      absl::StatusOr<std::string> block = output->Read(begin, end);
      if (!block.ok()) return block.status();
      std::string_view counted = *block;
      if (blocks.empty()) absl::ConsumeSuffix(&counted, "\n");
      ends +=
          static_cast<size_t>(std::count(counted.begin(), counted.end(), '\n'));
      blocks.push_back(*std::move(block));
    }
    if (begin > 0) {
      absl::StatusOr<std::string> before = output->Read(begin - 1, begin);
      if (!before.ok()) return before.status();
      begins_with_line = *before == "\n";
    }
    std::reverse(blocks.begin(), blocks.end());
    for (const std::string& block : blocks) text += block;
  }

  std::string_view rest = text;
  while (!rest.empty() && tail.size() < desired) {
    bool is_first = false;
    const std::string_view line = TakeLastLine(rest, is_first);
    if (is_first && !begins_with_line && !tail.empty()) break;
    tail.emplace_back(line);
  }
  std::reverse(tail.begin(), tail.end());
  return tail;
}

std::string OutputLogs::LastLine(const InstanceKey& key) const {
  if (!CheckKey(key).ok()) return "";
  absl::ReaderMutexLock lock(&locks_->For(key.stack_uid).moving);
  absl::StatusOr<Output> output = Output::Open(Path(key));
  if (!output.ok()) return "";
  std::string longest;  // The end of a line that began before the window.
  for (const int64_t window : kLastLineWindows) {
    const int64_t begin = std::max<int64_t>(0, output->size() - window);
    absl::StatusOr<std::string> text = output->Read(begin, output->size());
    if (!text.ok()) return "";
    std::string_view rest = *text;
    while (!rest.empty()) {
      bool is_first = false;
      const std::string_view line = TakeLastLine(rest, is_first);
      if (absl::StripAsciiWhitespace(line).empty()) continue;
      longest = std::string(CutLine(line));
      if (!is_first || begin == 0) return longest;
      break;
    }
    if (begin == 0) break;
  }
  return longest;
}

absl::StatusOr<bool> OutputLogs::RotateIfLarge(const InstanceKey& key) const {
  if (absl::Status status = CheckKey(key); !status.ok()) return status;
  const std::string path = Path(key);
  struct stat info;
  // The common case, without opening the file.
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return false;
    return OutputFileError(errno, path, "can't be examined");
  }
  if (info.st_size <= options_.max_bytes) return false;
  Locks::Lock& lock = locks_->For(key.stack_uid);
  absl::MutexLock rotating(&lock.rotating);
  return RotateOutputFile(path, options_.max_bytes, options_.may_collapse,
                          lock.moving);
}

absl::Status OutputLogs::RemoveStack(std::string_view stack_uid) const {
  if (absl::Status status = CheckStackUid(stack_uid); !status.ok()) {
    return status;
  }
  const std::string directory = absl::StrCat(directory_, "/", stack_uid);
  Locks::Lock& lock = locks_->For(stack_uid);
  absl::MutexLock rotating(&lock.rotating);
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(
      error.value(),
      absl::StrCat("output files in \"", directory, "\" can't be removed"));
}

}  // namespace tallyman::stacks
