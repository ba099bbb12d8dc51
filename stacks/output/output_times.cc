#include "stacks/output/output_times.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/output/output_file_error.h"

namespace tallyman::stacks {
namespace {

// The file is one Header and then Records, in the byte order of the machine.
struct Header {
  std::array<char, 8> magic = {'T', 'L', 'Y', 't', 'i', 'm', 'e', '1'};
  uint64_t generation = 0;

  bool operator==(const Header&) const = default;
};
struct Record {
  int64_t end = 0;
  int64_t after_us = 0;  // 0: unknown.
  int64_t seen_us = 0;
};
static_assert(sizeof(Header) == 16 && sizeof(Record) == 24);

constexpr int kOpenFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

Record ToRecord(const OutputTimeMark& mark) {
  return {.end = mark.end,
          .after_us = mark.time.after == absl::InfinitePast()
                          ? 0
                          : absl::ToUnixMicros(mark.time.after),
          .seen_us = absl::ToUnixMicros(mark.time.seen)};
}

OutputTimeMark FromRecord(const Record& record) {
  return {.end = record.end,
          .time = {.after = record.after_us == 0
                                ? absl::InfinitePast()
                                : absl::FromUnixMicros(record.after_us),
                   .seen = absl::FromUnixMicros(record.seen_us)}};
}

// The file of `path`, without a part of a record that a crash has left.
absl::StatusOr<std::string> ReadFile(const base::UniqueFd& file,
                                     const std::string& path) {
  struct stat info;
  if (fstat(file.get(), &info) != 0) {
    return OutputFileError(errno, path, "can't be examined");
  }
  constexpr size_t kMaxBytes =
      sizeof(Header) + 2 * kMaxTimeMarks * sizeof(Record);
  std::string bytes(std::min(static_cast<size_t>(info.st_size), kMaxBytes),
                    '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got =
        pread(file.get(), bytes.data() + filled, bytes.size() - filled,
              static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return OutputFileError(errno, path, "can't be read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  if (filled < sizeof(Header)) return std::string();
  bytes.resize(filled - (filled - sizeof(Header)) % sizeof(Record));
  return bytes;
}

absl::Status WriteAll(const base::UniqueFd& file, const std::string& bytes,
                      const std::string& path) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t put =
        write(file.get(), bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return OutputFileError(errno, path, "can't be written");
    done += static_cast<size_t>(put);
  }
  return absl::OkStatus();
}

std::string FileOf(uint64_t generation,
                   const std::vector<OutputTimeMark>& marks) {
  const Header header = {.generation = generation};
  std::string bytes(sizeof(Header) + marks.size() * sizeof(Record), '\0');
  std::memcpy(bytes.data(), &header, sizeof(Header));
  size_t at = sizeof(Header);
  for (const OutputTimeMark& mark : marks) {
    const Record record = ToRecord(mark);
    std::memcpy(bytes.data() + at, &record, sizeof(Record));
    at += sizeof(Record);
  }
  return bytes;
}

// Replaces the file with these marks.
absl::Status Replace(const std::string& path, uint64_t generation,
                     const std::vector<OutputTimeMark>& marks) {
  const std::string new_path = absl::StrCat(path, ".tmp");
  const base::UniqueFd file(
      open(new_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | kOpenFlags, 0600));
  if (!file.valid()) return OutputFileError(errno, new_path, "can't be made");
  absl::Status written = WriteAll(file, FileOf(generation, marks), new_path);
  // ext4 waits for the disk when a rename replaces a file. Marks may get lost
  // in a crash; they don't deserve the wait.
  unlink(path.c_str());
  if (written.ok() && rename(new_path.c_str(), path.c_str()) != 0) {
    written = OutputFileError(errno, new_path, "can't be renamed");
  }
  if (!written.ok()) unlink(new_path.c_str());
  return written;
}

// Joins neighbours until at most half of kMaxTimeMarks are left: at first those
// that are together no wider than two seconds, then ever wider ones. The newest
// quarter stays.
void Thin(std::vector<OutputTimeMark>& marks) {
  const size_t newest =
      marks.size() - std::min(marks.size(), kMaxTimeMarks / 4);
  std::vector<OutputTimeMark> rest(
      marks.begin() + static_cast<std::ptrdiff_t>(newest), marks.end());
  marks.resize(newest);
  for (absl::Duration width = absl::Seconds(2);
       marks.size() + rest.size() > kMaxTimeMarks / 2; width *= 2) {
    std::vector<OutputTimeMark> joined;
    for (const OutputTimeMark& mark : marks) {
      // A mark with an unknown beginning joins with none but the widest.
      if (!joined.empty() &&
          mark.time.seen - joined.back().time.after <= width) {
        joined.back().end = mark.end;
        joined.back().time.after =
            std::min(joined.back().time.after, mark.time.after);
        joined.back().time.seen =
            std::max(joined.back().time.seen, mark.time.seen);
      } else {
        joined.push_back(mark);
      }
    }
    marks = std::move(joined);
    if (width == absl::InfiniteDuration()) break;
  }
  marks.insert(marks.end(), rest.begin(), rest.end());
}

}  // namespace

OutputTimes::OutputTimes(std::vector<OutputTimeMark> marks, absl::Time modified)
    : marks_(std::move(marks)), rest_{.seen = modified} {
  if (!marks_.empty()) rest_.after = marks_.back().time.seen;
  // The clock was set back.
  if (rest_.after > rest_.seen) rest_.after = absl::InfinitePast();
}

OutputTime OutputTimes::At(int64_t end) const {
  const auto mark = std::partition_point(
      marks_.begin(), marks_.end(),
      [end](const OutputTimeMark& each) { return each.end < end; });
  return mark == marks_.end() ? rest_ : mark->time;
}

int64_t OutputTimes::EndBefore(absl::Time since) const {
  int64_t end = std::numeric_limits<int64_t>::min();
  for (const OutputTimeMark& mark : marks_) {
    if (mark.time.seen >= since) break;
    end = mark.end;
  }
  return end;
}

std::string OutputTimesPath(const std::string& path) {
  return absl::StrCat(path, ".times");
}

absl::StatusOr<std::vector<OutputTimeMark>> LoadTimeMarks(
    const std::string& path, uint64_t generation) {
  const std::string times_path = OutputTimesPath(path);
  std::vector<OutputTimeMark> marks;
  const base::UniqueFd file(open(times_path.c_str(), O_RDONLY | kOpenFlags));
  if (!file.valid()) {
    if (errno == ENOENT) return marks;
    return OutputFileError(errno, times_path, "can't be opened");
  }
  const absl::StatusOr<std::string> bytes = ReadFile(file, times_path);
  if (!bytes.ok()) return bytes.status();
  Header header;
  if (bytes->size() < sizeof(Header)) return marks;
  std::memcpy(&header, bytes->data(), sizeof(Header));
  if (header != Header{.generation = generation}) return marks;
  marks.reserve((bytes->size() - sizeof(Header)) / sizeof(Record));
  for (size_t at = sizeof(Header); at < bytes->size(); at += sizeof(Record)) {
    Record record;
    std::memcpy(&record, bytes->data() + at, sizeof(Record));
    // At() needs ascending ends, whatever the file has.
    if (!marks.empty() && record.end < marks.back().end) continue;
    marks.push_back(FromRecord(record));
  }
  return marks;
}

absl::Status AppendTimeMark(const std::string& path, uint64_t generation,
                            int64_t size, const OutputTime& time) {
  const std::string times_path = OutputTimesPath(path);
  const base::UniqueFd file(
      open(times_path.c_str(), O_RDWR | O_APPEND | O_CREAT | kOpenFlags, 0600));
  if (!file.valid()) return OutputFileError(errno, times_path, "can't be made");
  struct stat info;
  if (fstat(file.get(), &info) != 0) {
    return OutputFileError(errno, times_path, "can't be examined");
  }
  OutputTimeMark mark = {.end = size, .time = time};
  if (info.st_size == 0) {
    return WriteAll(file, FileOf(generation, {mark}), times_path);
  }
  Header header = {.generation = ~generation};
  const auto records = (info.st_size - static_cast<int64_t>(sizeof(Header))) /
                       static_cast<int64_t>(sizeof(Record));
  const bool is_whole =
      info.st_size == static_cast<int64_t>(sizeof(Header)) +
                          records * static_cast<int64_t>(sizeof(Record));
  Record last;
  if (!is_whole || records < 1 ||
      pread(file.get(), &header, sizeof(header), 0) !=
          static_cast<ssize_t>(sizeof(header)) ||
      header != Header{.generation = generation} ||
      pread(file.get(), &last, sizeof(last),
            info.st_size - static_cast<int64_t>(sizeof(last))) !=
          static_cast<ssize_t>(sizeof(last))) {
    // New, interrupted, or of another generation.
    absl::StatusOr<std::vector<OutputTimeMark>> marks =
        LoadTimeMarks(path, generation);
    if (!marks.ok()) return marks.status();
    if (!marks->empty() && marks->back().end < size) {
      mark.time.after = std::max(mark.time.after, marks->back().time.seen);
    }
    if (marks->empty() || marks->back().end < size) marks->push_back(mark);
    return Replace(times_path, generation, *marks);
  }
  if (last.end == size) return absl::OkStatus();
  const absl::Time last_seen = FromRecord(last).time.seen;
  // Not if the clock was set back.
  if (last_seen <= mark.time.seen) {
    mark.time.after = std::max(mark.time.after, last_seen);
  }
  if (size < last.end || static_cast<size_t>(records) >= kMaxTimeMarks) {
    absl::StatusOr<std::vector<OutputTimeMark>> marks =
        LoadTimeMarks(path, generation);
    if (!marks.ok()) return marks.status();
    if (size < last.end) {
      std::erase_if(*marks,
                    [](const OutputTimeMark& each) { return each.end > 0; });
    }
    marks->push_back(mark);
    if (marks->size() > kMaxTimeMarks) Thin(*marks);
    return Replace(times_path, generation, *marks);
  }
  const Record record = ToRecord(mark);
  std::string bytes(sizeof(record), '\0');
  std::memcpy(bytes.data(), &record, sizeof(record));
  return WriteAll(file, bytes, times_path);
}

absl::Status MoveTimeMarks(const std::string& path, uint64_t from, uint64_t to,
                           int64_t bytes) {
  absl::StatusOr<std::vector<OutputTimeMark>> marks = LoadTimeMarks(path, from);
  if (!marks.ok()) return marks.status();
  std::erase_if(*marks,
                [](const OutputTimeMark& mark) { return mark.end <= 0; });
  for (OutputTimeMark& mark : *marks) mark.end -= bytes;
  return Replace(OutputTimesPath(path), to, *marks);
}

}  // namespace tallyman::stacks
