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

constexpr std::string_view kBlanks = " \t";

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

// Takes a word, and the blanks before it, off the front of `text`; "" at the
// end.
std::string_view TakeWord(std::string_view& text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    text = {};
    return {};
  }
  text.remove_prefix(begin);
  const size_t end = std::min(text.find_first_of(kBlanks), text.size());
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// The whole of `text` as a number that is not negative and fits.
template <typename Int>
std::optional<Int> ParseNumber(std::string_view text) {
  Int number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty() || number < 0) {
    return std::nullopt;
  }
  return number;
}

// The first word of `text` as a number.
template <typename Int>
std::optional<Int> FirstNumber(std::string_view text) {
  return ParseNumber<Int>(TakeWord(text));
}

// "  1234 kB" in bytes. The unit is always kB (proc_pid_status(5)).
std::optional<int64_t> ParseKilobytes(std::string_view text) {
  const std::optional<int64_t> kilobytes = FirstNumber<int64_t>(text);
  if (!kilobytes || *kilobytes > std::numeric_limits<int64_t>::max() / 1024) {
    return std::nullopt;
  }
  return *kilobytes * 1024;
}

// If `line` is `key` and a colon, its value.
bool HasKey(std::string_view line, std::string_view key,
            std::string_view& value) {
  if (line.size() <= key.size() || line[key.size()] != ':' ||
      line.compare(0, key.size(), key) != 0) {
    return false;
  }
  value = line.substr(key.size() + 1);
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

// One line of the memory block, whose keys all begin with "Vm".
void ParseMemoryLine(std::string_view line, StatusText& status) {
  std::string_view value;
  if (HasKey(line, "VmSize", value)) {
    status.virtual_bytes = ParseKilobytes(value).value_or(-1);
  } else if (HasKey(line, "VmHWM", value)) {
    status.peak_resident_bytes = ParseKilobytes(value).value_or(-1);
  } else if (HasKey(line, "VmRSS", value)) {
    status.resident_bytes = ParseKilobytes(value).value_or(-1);
  }
}

}  // namespace

std::optional<StatusText> ParseStatus(std::string_view text) {
  StatusText status;
  std::string_view value;
  if (!HasKey(TakeLine(text), "Name", value)) return std::nullopt;
  // One tab stands between the key and the name; blanks after it belong to the
  // name.
  if (!value.empty() && value.front() == '\t') value.remove_prefix(1);
  status.escaped_name = value;

  bool has_state = false;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) continue;
    switch (line.front()) {
      case 'S':
        if (HasKey(line, "State", value)) {
          const std::string_view letter = TakeWord(value);
          has_state = letter.size() == 1;
          if (has_state) status.state = StateOfLetter(letter.front());
        }
        break;
      case 'T':
        if (HasKey(line, "Tgid", value)) {
          status.thread_group_id = FirstNumber<int32_t>(value).value_or(-1);
        } else if (HasKey(line, "Threads", value)) {
          status.num_threads = FirstNumber<int64_t>(value).value_or(-1);
          // Nothing of use comes after it.
          text = {};
        }
        break;
      case 'P':
        if (HasKey(line, "PPid", value)) {
          status.parent_pid = FirstNumber<int32_t>(value).value_or(-1);
        }
        break;
      case 'U':
        if (HasKey(line, "Uid", value)) {
          TakeWord(value);  // The real user; the effective one comes second.
          status.effective_uid = FirstNumber<uint32_t>(value);
        }
        break;
      case 'V':
        ParseMemoryLine(line, status);
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
  // The name stands in parentheses and may contain some itself: it ends at the
  // last one.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
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
  constexpr int kStartTime = 22;
  StatText stat;
  for (int field = kState; field <= kStartTime; ++field) {
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

std::optional<IoText> ParseIo(std::string_view text) {
  std::optional<int64_t> read;
  std::optional<int64_t> written;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    std::string_view value;
    if (HasKey(line, "read_bytes", value)) {
      read = FirstNumber<int64_t>(value);
    } else if (HasKey(line, "write_bytes", value)) {
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
