#include "platform/linux/proc_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "absl/base/attributes.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

// The largest pid of 64-bit Linux, PID_MAX_LIMIT of proc_sys_kernel(5).
constexpr int32_t kMaxPid = int32_t{1} << 22;

// Removes the first line from `text` and returns it without its newline.
// Inline, so that `text` stays in registers.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline std::string_view TakeLine(
    std::string_view& text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto* newline =
      static_cast<const char*>(std::memchr(begin, '\n', text.size()));
  if (newline == nullptr) newline = end;
  const char* const next = newline == end ? end : newline + 1;
  text = std::string_view(next, static_cast<size_t>(end - next));
  return {begin, static_cast<size_t>(newline - begin)};
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// Removes the first word, and the blanks before it, from `text` and returns the
// word; "" at the end.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline std::string_view TakeWord(
    std::string_view& text) {
  const char* begin = text.data();
  const char* const end = begin + text.size();
  while (begin < end && IsBlank(*begin)) ++begin;
  const char* stop = begin;
  while (stop < end && !IsBlank(*stop)) ++stop;
  text = std::string_view(stop, static_cast<size_t>(end - stop));
  return {begin, static_cast<size_t>(stop - begin)};
}

// All of `text` as a decimal number; nullopt if it is none or does not fit.
template <typename Int>
std::optional<Int> ParseNumber(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Int number = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9 || __builtin_mul_overflow(number, Int{10}, &number) ||
        __builtin_add_overflow(number, digit, &number)) {
      return std::nullopt;
    }
  }
  return number;
}

// A nice value, which alone may be negative.
std::optional<int32_t> ParseNice(std::string_view word) {
  const bool is_negative = !word.empty() && word.front() == '-';
  if (is_negative) word.remove_prefix(1);
  const std::optional<int32_t> number = ParseNumber<int32_t>(word);
  if (!number) return std::nullopt;
  return is_negative ? -*number : *number;
}

// The first word of `text` as a number.
template <typename Int>
std::optional<Int> FirstNumber(std::string_view text) {
  return ParseNumber<Int>(TakeWord(text));
}

// "  1234 kB" in bytes; -1 if malformed. The unit is always kB, which means KiB
// here (proc_pid_status(5)).
int64_t ParseKilobytes(std::string_view text) {
  const std::optional<int64_t> kilobytes = FirstNumber<int64_t>(text);
  if (!kilobytes || *kilobytes > std::numeric_limits<int64_t>::max() / 1024) {
    return -1;
  }
  return *kilobytes * 1024;
}

// True if `line` begins with `key`, a literal that ends with a colon; `value`
// is the rest of the line. A template, so that the compiler knows the length.
template <size_t N>
bool HasKey(std::string_view line, const char (&key)[N],
            std::string_view& value) {
  constexpr size_t kLength = N - 1;
  if (line.size() < kLength || std::memcmp(line.data(), key, kLength) != 0) {
    return false;
  }
  value = line.substr(kLength);
  return true;
}

// The letters of the kernel's task_state_array, see proc_pid_stat(5).
ProcessState StateOfLetter(char letter) {
  switch (letter) {
    case 'R':
      return ProcessState::kRunning;
    case 'S':
      return ProcessState::kSleeping;
    case 'D':
      return ProcessState::kDiskSleep;
    case 'T':
      return ProcessState::kStopped;
    case 't':
      return ProcessState::kTracingStop;
    case 'Z':
      return ProcessState::kZombie;
    case 'X':
    case 'x':
      return ProcessState::kDead;
    case 'I':
      return ProcessState::kIdle;
    case 'P':
      return ProcessState::kParked;
    default:
      return ProcessState::kUnknown;
  }
}

}  // namespace

std::optional<StatusText> ParseStatus(std::string_view text) {
  StatusText status;
  std::string_view value;
  if (!HasKey(TakeLine(text), "Name:", value)) return std::nullopt;
  // One tab separates the key from the name; blanks after the tab belong to the
  // name. The name is escaped, so it ends with the line.
  if (!value.empty() && value.front() == '\t') value.remove_prefix(1);
  status.escaped_name = value;

  bool has_state = false;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) continue;
    switch (line.front()) {
      case 'P':
        if (HasKey(line, "PPid:", value)) {
          status.parent_pid = FirstNumber<int32_t>(value).value_or(-1);
        }
        break;
      case 'S':
        if (HasKey(line, "State:", value)) {
          const std::string_view letter = TakeWord(value);
          has_state = letter.size() == 1;
          if (has_state) status.state = StateOfLetter(letter.front());
        }
        break;
      case 'T':
        if (HasKey(line, "Tgid:", value)) {
          status.thread_group_id = FirstNumber<int32_t>(value).value_or(-1);
        } else if (HasKey(line, "Threads:", value)) {
          status.num_threads = FirstNumber<int64_t>(value).value_or(-1);
          text = {};  // No later line is needed.
        }
        break;
      case 'U':
        if (HasKey(line, "Uid:", value)) {
          TakeWord(value);  // The real user; the effective one comes second.
          status.effective_uid = FirstNumber<uint32_t>(value);
        }
        break;
      case 'V':
        if (HasKey(line, "VmSize:", value)) {
          status.virtual_bytes = ParseKilobytes(value);
        } else if (HasKey(line, "VmHWM:", value)) {
          status.peak_resident_bytes = ParseKilobytes(value);
        } else if (HasKey(line, "VmRSS:", value)) {
          status.resident_bytes = ParseKilobytes(value);
        }
        break;
      default:
        break;
    }
  }
  if (!has_state) return std::nullopt;
  return status;
}

std::string_view UnescapeName(std::string_view escaped, char* buffer) {
  size_t size = 0;
  for (size_t i = 0; i < escaped.size(); ++i) {
    char c = escaped[i];
    if (c == '\\' && i + 1 < escaped.size()) {
      if (escaped[i + 1] == 'n') {
        c = '\n';
        ++i;
      } else if (escaped[i + 1] == '\\') {
        ++i;
      }
    }
    buffer[size++] = c;
  }
  return {buffer, size};
}

std::optional<StatText> ParseStat(std::string_view text) {
  // The name is in parentheses and may contain parentheses: it ends at the last
  // one.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  StatText stat;
  if (const size_t name = text.substr(0, name_end).find('(');
      name != std::string_view::npos) {
    stat.name = text.substr(name + 1, name_end - name - 1);
  }
  text.remove_prefix(name_end + 1);
  if (const size_t newline = text.find('\n');
      newline != std::string_view::npos) {
    text = text.substr(0, newline);
  }
  // Numbers of fields as in proc_pid_stat(5); the first after the name is 3.
  constexpr int kState = 3;
  constexpr int kParentPid = 4;
  constexpr int kProcessGroup = 5;
  constexpr int kSession = 6;
  constexpr int kUserTime = 14;
  constexpr int kSystemTime = 15;
  constexpr int kNice = 19;
  constexpr int kNumThreads = 20;
  constexpr int kStartTime = 22;
  constexpr int kVirtualBytes = 23;
  for (int field = kState; field <= kVirtualBytes; ++field) {
    const std::string_view word = TakeWord(text);
    switch (field) {
      case kState:
        if (word.size() == 1) stat.state = StateOfLetter(word.front());
        break;
      case kParentPid:
        stat.parent_pid = ParseNumber<int32_t>(word).value_or(-1);
        break;
      case kProcessGroup:
        stat.process_group = ParseNumber<int32_t>(word).value_or(-1);
        break;
      case kSession:
        stat.session = ParseNumber<int32_t>(word).value_or(-1);
        break;
      case kNice:
        stat.nice = ParseNice(word);
        break;
      case kNumThreads:
        stat.num_threads = ParseNumber<int64_t>(word).value_or(-1);
        break;
      case kVirtualBytes:
        stat.virtual_bytes = ParseNumber<int64_t>(word).value_or(-1);
        break;
      case kUserTime:
      case kSystemTime:
      case kStartTime: {
        const std::optional<int64_t> ticks = ParseNumber<int64_t>(word);
        if (!ticks) return std::nullopt;
        if (field == kUserTime) stat.user_ticks = *ticks;
        if (field == kSystemTime) stat.system_ticks = *ticks;
        if (field == kStartTime) stat.start_ticks = *ticks;
        break;
      }
      default:
        break;
    }
  }
  return stat;
}

std::optional<StatmText> ParseStatm(std::string_view text) {
  const std::optional<int64_t> size = FirstNumber<int64_t>(text);
  TakeWord(text);
  const std::optional<int64_t> resident = FirstNumber<int64_t>(text);
  if (!size || !resident) return std::nullopt;
  return StatmText{.virtual_pages = *size, .resident_pages = *resident};
}

std::optional<IoText> ParseIo(std::string_view text) {
  std::optional<int64_t> read;
  std::optional<int64_t> written;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    std::string_view value;
    if (HasKey(line, "read_bytes:", value)) {
      read = FirstNumber<int64_t>(value);
    } else if (HasKey(line, "write_bytes:", value)) {
      written = FirstNumber<int64_t>(value);
    }
  }
  if (!read || !written) return std::nullopt;
  return IoText{.read_bytes = *read, .written_bytes = *written};
}

std::optional<std::string_view> FindVariable(std::string_view environment,
                                             std::string_view name) {
  while (!environment.empty()) {
    const size_t end = std::min(environment.find('\0'), environment.size());
    const std::string_view entry = environment.substr(0, end);
    if (entry.size() > name.size() && entry[name.size()] == '=' &&
        entry.substr(0, name.size()) == name) {
      return entry.substr(name.size() + 1);
    }
    environment.remove_prefix(std::min(end + 1, environment.size()));
  }
  return std::nullopt;
}

std::optional<int64_t> ParseBootTime(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (TakeWord(line) == "btime") return FirstNumber<int64_t>(line);
  }
  return std::nullopt;
}

std::optional<int32_t> ParsePid(std::string_view name) {
  if (name.empty() || name.front() < '1' || name.front() > '9') {
    return std::nullopt;
  }
  const std::optional<int32_t> pid = ParseNumber<int32_t>(name);
  if (!pid || *pid > kMaxPid) return std::nullopt;
  return pid;
}

}  // namespace tallyman::platform
