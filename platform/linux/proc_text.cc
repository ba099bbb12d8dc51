#include "platform/linux/proc_text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

#include "platform/process.h"

namespace tallyman::platform {
namespace {

// The largest pid of 64-bit Linux, PID_MAX_LIMIT of proc_sys_kernel(5).
constexpr int32_t kMaxPid = int32_t{1} << 22;

// Takes one line, without its newline, off the front of `text`.
std::string_view TakeLine(std::string_view& text) {
  const void* newline = std::memchr(text.data(), '\n', text.size());
  if (newline == nullptr) {
    std::string_view line = text;
    text = {};
    return line;
  }
  const size_t length = static_cast<const char*>(newline) - text.data();
  std::string_view line = text.substr(0, length);
  text.remove_prefix(length + 1);
  return line;
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// Takes a word, and the blanks before it, off the front of `text`; "" at the
// end.
std::string_view TakeWord(std::string_view& text) {
  size_t begin = 0;
  while (begin < text.size() && IsBlank(text[begin])) ++begin;
  size_t end = begin;
  while (end < text.size() && !IsBlank(text[end])) ++end;
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

// The whole of `text` as a number that is not negative and fits.
template <typename Int>
std::optional<Int> ParseNumber(std::string_view text) {
  if (text.empty()) return std::nullopt;
  uint64_t number = 0;
  // As many digits as never overflow.
  if (text.size() <= std::numeric_limits<uint64_t>::digits10) {
    for (const char c : text) {
      const auto digit = static_cast<unsigned char>(c - '0');
      if (digit > 9) return std::nullopt;
      number = number * 10 + digit;
    }
  } else {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
  }
  if (number > static_cast<uint64_t>(std::numeric_limits<Int>::max())) {
    return std::nullopt;
  }
  return static_cast<Int>(number);
}

// The first word of `text` as a number.
template <typename Int>
std::optional<Int> FirstNumber(std::string_view text) {
  return ParseNumber<Int>(TakeWord(text));
}

// "  1234 kB" in bytes, -1 if it is none. The unit is always kB
// (proc_pid_status(5)).
int64_t ParseKilobytes(std::string_view text) {
  const std::optional<int64_t> kilobytes = FirstNumber<int64_t>(text);
  if (!kilobytes || *kilobytes > std::numeric_limits<int64_t>::max() / 1024) {
    return -1;
  }
  return *kilobytes * 1024;
}

// If `line` is `key`, which is a literal that ends with a colon, and a value:
// that. The comparison is one of a known length.
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

// Drops all lines before the next one that begins with `prefix`; all of them if
// there is none. A line has just been taken.
void SkipTo(std::string_view prefix, std::string_view& text) {
  if (text.starts_with(prefix)) return;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const void* const found =
        memmem(at, static_cast<size_t>(end - at), prefix.data(), prefix.size());
    if (found == nullptr) {
      text = {};
      return;
    }
    at = static_cast<const char*>(found);
    if (at[-1] == '\n') break;
    ++at;
  }
  text.remove_prefix(static_cast<size_t>(at - text.data()));
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

// The first lines about memory: their keys all begin with "Vm", up to VmRSS.
void ParseMemory(std::string_view& text, StatusText& status) {
  std::string_view value;
  while (text.starts_with("Vm")) {
    const std::string_view line = TakeLine(text);
    if (HasKey(line, "VmSize:", value)) {
      status.virtual_bytes = ParseKilobytes(value);
    } else if (HasKey(line, "VmHWM:", value)) {
      status.peak_resident_bytes = ParseKilobytes(value);
    } else if (HasKey(line, "VmRSS:", value)) {
      status.resident_bytes = ParseKilobytes(value);
    }
  }
}

}  // namespace

// The kernel writes the lines in this order, and an escaped name has no line of
// its own.
std::optional<StatusText> ParseStatus(std::string_view text) {
  StatusText status;
  std::string_view value;
  if (!HasKey(TakeLine(text), "Name:", value)) return std::nullopt;
  // One tab stands between the key and the name; blanks after it belong to the
  // name.
  if (!value.empty() && value.front() == '\t') value.remove_prefix(1);
  status.escaped_name = value;

  bool has_state = false;
  while (!text.empty() && !status.effective_uid) {
    const std::string_view line = TakeLine(text);
    if (HasKey(line, "State:", value)) {
      const std::string_view letter = TakeWord(value);
      has_state = letter.size() == 1;
      if (has_state) status.state = StateOfLetter(letter.front());
    } else if (HasKey(line, "Tgid:", value)) {
      status.thread_group_id = FirstNumber<int32_t>(value).value_or(-1);
    } else if (HasKey(line, "PPid:", value)) {
      status.parent_pid = FirstNumber<int32_t>(value).value_or(-1);
    } else if (HasKey(line, "Uid:", value)) {
      TakeWord(value);  // The real user; the effective one comes second.
      status.effective_uid = FirstNumber<uint32_t>(value);
      break;
    }
  }
  if (!has_state) return std::nullopt;
  std::string_view memory = text;
  SkipTo("Vm", memory);
  if (!memory.empty()) {
    ParseMemory(memory, status);
    text = memory;
  }
  SkipTo("Threads:", text);
  if (HasKey(TakeLine(text), "Threads:", value)) {
    status.num_threads = FirstNumber<int64_t>(value).value_or(-1);
  }
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
  // The name stands in parentheses and may contain some itself: it ends at the
  // last one.
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
  // Numbered as in proc_pid_stat(5); the state, after the name, is field 3.
  constexpr int kState = 3;
  constexpr int kParentPid = 4;
  constexpr int kProcessGroup = 5;
  constexpr int kSession = 6;
  constexpr int kUserTime = 14;
  constexpr int kSystemTime = 15;
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
