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
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_file_error.h"
#include "stacks/output/output_file_name.h"
#include "stacks/output/output_files.h"
#include "stacks/output/output_rotation.h"
#include "stacks/output/output_times.h"

namespace tallyman::stacks {
namespace {

constexpr int64_t kMinMaxBytes = 4096;
constexpr int64_t kReadBytes = 64 << 10;  // By one step of Tail().
constexpr size_t kLastLineBytes = 500;
// How many bytes LastLine() reads at first, then at most.
constexpr int64_t kLastLineWindows[] = {4 << 10, 64 << 10};

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
    // By path, how many bytes this object's rotations took from the front of
    // the file. Changed by a rotation, so by one thread at a time.
    std::map<std::string, int64_t, std::less<>> moved ABSL_GUARDED_BY(moving);
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

std::string OutputLogs::StackDirectory(std::string_view stack_uid) const {
  return absl::StrCat(directory_, "/", stack_uid);
}

std::string OutputLogs::Path(const InstanceKey& key) const {
  if (!CheckOutputKey(key).ok()) return "";
  return absl::StrCat(StackDirectory(key.stack_uid), "/", OutputFileName(key));
}

absl::StatusOr<std::vector<int64_t>> OutputLogs::Instances(
    std::string_view stack_uid, std::string_view process) const {
  if (absl::Status status = CheckOutputStackUid(stack_uid); !status.ok()) {
    return status;
  }
  std::error_code error;
  std::vector<int64_t> numbers;
  for (std::filesystem::directory_iterator
           entry(StackDirectory(stack_uid), error),
       end;
       !error && entry != end; entry.increment(error)) {
    const std::optional<InstanceKey> key =
        OutputKeyOfFile(stack_uid, entry->path().filename().native());
    if (key && key->process == process) numbers.push_back(key->number);
  }
  if (!error) return numbers;
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat("directory of output files \"",
                                          StackDirectory(stack_uid), "\""));
}

absl::StatusOr<base::UniqueFd> OutputLogs::OpenForRead(
    const InstanceKey& key) const {
  if (absl::Status status = CheckOutputKey(key); !status.ok()) return status;
  const std::string path = Path(key);
  absl::StatusOr<base::UniqueFd> fd = OpenOutputFile(path);
  if (!fd.ok()) return fd;
  if (!fd->valid()) return OutputFileError(ENOENT, path, "can't be opened");
  absl::StatusOr<int64_t> size = SizeOfOutputFile(*fd, path);
  if (!size.ok()) return size.status();
  return fd;
}

absl::StatusOr<OutputPart> OutputLogs::Read(const InstanceKey& key,
                                            const base::UniqueFd& file,
                                            OutputPosition begin,
                                            int64_t max_bytes) const {
  if (absl::Status status = CheckOutputKey(key); !status.ok()) return status;
  const std::string path = Path(key);
  const std::string rotated_path = RotatedOutputPath(path);
  Locks::Lock& lock = locks_->For(key.stack_uid);
  absl::ReaderMutexLock moving(&lock.moving);
  absl::StatusOr<int64_t> size = SizeOfOutputFile(file, path);
  if (!size.ok()) return size.status();
  OutputPart part;
  if (const auto moved = lock.moved.find(path); moved != lock.moved.end()) {
    part.file_begin = moved->second;
  }
  part.end = part.file_begin + *size;
  part.oldest = part.file_begin;
  const RotatedOutput rotated = ExamineRotatedOutput(path);
  part.oldest -= rotated.size;
  part.generation = rotated.generation;
  part.begin = std::max(begin, part.oldest);
  const OutputPosition end =
      part.begin +
      std::min(max_bytes, std::max<int64_t>(0, part.end - part.begin));
  if (part.begin < std::min(end, part.file_begin)) {
    absl::StatusOr<base::UniqueFd> older = OpenOutputFile(rotated_path);
    if (!older.ok()) return older.status();
    absl::StatusOr<std::string> bytes =
        ReadOutputFile(*older, rotated_path, part.begin - part.oldest,
                       std::min(end, part.file_begin) - part.begin);
    if (!bytes.ok()) return bytes.status();
    part.bytes = *std::move(bytes);
  }
  const OutputPosition rest = std::max(part.begin, part.file_begin);
  if (rest < end) {
    absl::StatusOr<std::string> bytes =
        ReadOutputFile(file, path, rest - part.file_begin, end - rest);
    if (!bytes.ok()) return bytes.status();
    part.bytes += *bytes;
  }
  return part;
}

absl::StatusOr<base::UniqueFd> OutputLogs::OpenForAppend(
    const InstanceKey& key) const {
  if (absl::Status status = CheckOutputKey(key); !status.ok()) return status;
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
    const std::string directory = StackDirectory(key.stack_uid);
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return OutputFileError(errno, path, "can't be made: its directory can't");
    }
    fd = try_open();
  }
  if (!fd.valid()) return OutputFileError(errno, path, "can't be opened");
  absl::StatusOr<int64_t> size = SizeOfOutputFile(fd, path);
  if (!size.ok()) return size.status();
  return fd;
}

absl::StatusOr<std::vector<std::string>> OutputLogs::Tail(
    const InstanceKey& key, int64_t lines) const {
  if (absl::Status status = CheckOutputKey(key); !status.ok()) return status;
  const size_t desired =
      static_cast<size_t>(std::clamp<int64_t>(lines, 0, kMaxLogLines));
  std::vector<std::string> tail;
  if (desired == 0) return tail;

  std::string text;
  bool begins_with_line = true;
  {
    absl::ReaderMutexLock lock(&locks_->For(key.stack_uid).moving);
    absl::StatusOr<OutputFiles> output = OutputFiles::Open(Path(key));
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
  if (!CheckOutputKey(key).ok()) return "";
  absl::ReaderMutexLock lock(&locks_->For(key.stack_uid).moving);
  absl::StatusOr<OutputFiles> output = OutputFiles::Open(Path(key));
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
  if (absl::Status status = CheckOutputKey(key); !status.ok()) return status;
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
  const uint64_t before = ExamineRotatedOutput(path).generation;
  absl::Status times;
  absl::StatusOr<bool> rotated = RotateOutputFile(
      path, options_.max_bytes, options_.may_collapse, lock.moving,
      [&](int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock.moving) {
        lock.moved[path] += bytes;
        times = MoveTimeMarks(path, before,
                              ExamineRotatedOutput(path).generation, bytes);
      });
  if (rotated.ok() && !times.ok()) return times;
  return rotated;
}

absl::Status OutputLogs::MarkTime(const InstanceKey& key, absl::Time after,
                                  absl::FunctionRef<absl::Time()> now) const {
  if (absl::Status status = CheckOutputKey(key); !status.ok()) return status;
  const std::string path = Path(key);
  // Excludes rotations and the removal of the stack.
  Locks::Lock& lock = locks_->For(key.stack_uid);
  absl::MutexLock rotating(&lock.rotating);
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return OutputFileError(errno, path, "can't be examined");
  }
  if (!S_ISREG(info.st_mode)) return absl::OkStatus();
  const absl::Time seen = now();
  // Excludes readers of the marks.
  absl::MutexLock moving(&lock.moving);
  return AppendTimeMark(path, ExamineRotatedOutput(path).generation,
                        info.st_size,
                        {.after = std::min(after, seen), .seen = seen});
}

absl::StatusOr<OutputTimes> OutputLogs::Times(const InstanceKey& key) const {
  if (absl::Status status = CheckOutputKey(key); !status.ok()) return status;
  const std::string path = Path(key);
  Locks::Lock& lock = locks_->For(key.stack_uid);
  absl::ReaderMutexLock moving(&lock.moving);
  absl::StatusOr<std::vector<OutputTimeMark>> marks =
      LoadTimeMarks(path, ExamineRotatedOutput(path).generation);
  if (!marks.ok()) return marks.status();
  if (const auto moved = lock.moved.find(path); moved != lock.moved.end()) {
    for (OutputTimeMark& mark : *marks) mark.end += moved->second;
  }
  struct stat info;
  const absl::Time modified = lstat(path.c_str(), &info) == 0
                                  ? absl::TimeFromTimespec(info.st_mtim)
                                  : absl::InfiniteFuture();
  return OutputTimes(*std::move(marks), modified);
}

absl::Status OutputLogs::RemoveStack(std::string_view stack_uid) const {
  if (absl::Status status = CheckOutputStackUid(stack_uid); !status.ok()) {
    return status;
  }
  const std::string directory = StackDirectory(stack_uid);
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
