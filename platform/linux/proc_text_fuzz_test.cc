// Compares the parsers, which are written for speed, with plain ones.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/linux/proc_text.h"
#include "platform/process.h"
#include "tools/fuzz/input.h"

namespace tallyman::platform {
namespace {

using Words = std::vector<std::string_view>;

Words WordsOf(std::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

std::string_view Word(const Words& words, size_t index) {
  return index < words.size() ? words[index] : std::string_view();
}

template <typename Int>
std::optional<Int> Number(std::string_view word) {
  Int number = 0;
  if (word.empty() ||
      !std::all_of(word.begin(), word.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(word, &number)) {
    return std::nullopt;
  }
  return number;
}

// The text after `key` in each line that begins with it.
Words Values(std::string_view text, std::string_view key) {
  Words values;
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, key)) values.push_back(line);
  }
  return values;
}

int64_t Bytes(const Words& values) {
  if (values.empty()) return 0;
  const auto kilobytes = Number<int64_t>(Word(WordsOf(values.back()), 0));
  return kilobytes && *kilobytes <= INT64_MAX / 1024 ? *kilobytes * 1024 : -1;
}

// The last value as a number; -1 if it is none.
template <typename Int>
Int NumberOf(const Words& values) {
  if (values.empty()) return -1;
  return Number<Int>(Word(WordsOf(values.back()), 0)).value_or(-1);
}

bool IsState(std::string_view word, ProcessState state) {
  constexpr std::string_view kLetters = "?RSDTtZXIP";
  const size_t letter = word.size() == 1 ? kLetters.find(word[0]) : 0;
  if (word == "x") return state == ProcessState::kDead;
  return state == static_cast<ProcessState>(
                      letter == std::string_view::npos ? 0 : letter);
}

void CheckInside(std::string_view part, std::string_view whole) {
  if (part.empty()) return;
  CHECK(part.data() >= whole.data() &&
        part.data() + part.size() <= whole.data() + whole.size());
}

// The kernel's string_escape_str() with ESCAPE_SPACE | ESCAPE_SPECIAL and the
// characters "\n\\".
std::string EscapeName(std::string_view name) {
  return absl::StrReplaceAll(name, {{"\\", "\\\\"}, {"\n", "\\n"}});
}

void TestNames(std::string_view name) {
  std::string escaped = EscapeName(name);
  // In the same memory.
  CHECK_EQ(UnescapeName(escaped, escaped.data()), name);
  // Text that the kernel would not write.
  std::string buffer(name.size(), '\0');
  const std::string_view unescaped = UnescapeName(name, buffer.data());
  CHECK_LE(unescaped.size(), name.size());

  const std::string stat = absl::StrCat(
      "12 (", name, ") S 1 2 3 0 -1 4194560 1 2 3 4 55 66 7 8 20 0 9 0 77 88");
  const std::optional<StatText> parsed = ParseStat(stat);
  CHECK(parsed.has_value());
  CHECK_EQ(parsed->name, name);
  CHECK_EQ(parsed->start_ticks, 77);
  CHECK_EQ(parsed->virtual_bytes, 88);

  const std::string status =
      absl::StrCat("Name:\t", EscapeName(name), "\nState:\tR (running)\n");
  const std::optional<StatusText> status_text = ParseStatus(status);
  CHECK(status_text.has_value());
  CHECK_EQ(status_text->escaped_name, EscapeName(name));
}

void TestStatus(std::string_view text) {
  const std::optional<StatusText> status = ParseStatus(text);
  std::string_view name = text.substr(0, text.find('\n'));
  std::string_view lines = text.substr(std::min(text.size(), name.size() + 1));
  // The parser stops after the line with the threads.
  if (const size_t threads = absl::StrCat("\n", lines).find("\nThreads:");
      threads != std::string_view::npos) {
    lines = lines.substr(0, lines.find('\n', threads));
  }
  const Words states = Values(lines, "State:");
  const std::string_view state =
      states.empty() ? "" : Word(WordsOf(states.back()), 0);
  if (!absl::ConsumePrefix(&name, "Name:") || state.size() != 1) {
    CHECK(!status.has_value());
    return;
  }
  absl::ConsumePrefix(&name, "\t");
  CHECK(status.has_value());
  CHECK_EQ(status->escaped_name, name);
  CheckInside(status->escaped_name, text);
  CHECK(IsState(state, status->state)) << state;
  CHECK_EQ(status->thread_group_id, NumberOf<int32_t>(Values(lines, "Tgid:")));
  CHECK_EQ(status->parent_pid, NumberOf<int32_t>(Values(lines, "PPid:")));
  CHECK_EQ(status->num_threads, NumberOf<int64_t>(Values(lines, "Threads:")));
  const Words users = Values(lines, "Uid:");
  CHECK(status->effective_uid ==
        (users.empty() ? std::nullopt
                       : Number<uint32_t>(Word(WordsOf(users.back()), 1))));
  CHECK_EQ(status->virtual_bytes, Bytes(Values(lines, "VmSize:")));
  CHECK_EQ(status->resident_bytes, Bytes(Values(lines, "VmRSS:")));
  CHECK_EQ(status->peak_resident_bytes, Bytes(Values(lines, "VmHWM:")));
}

void TestStat(std::string_view text) {
  const std::optional<StatText> stat = ParseStat(text);
  const size_t end = text.rfind(')');
  if (end == std::string_view::npos) {
    CHECK(!stat.has_value());
    return;
  }
  std::string_view rest = text.substr(end + 1);
  rest = rest.substr(0, rest.find('\n'));
  const Words words = WordsOf(rest);
  // The first word is field 3 of proc_pid_stat(5).
  const auto field = [&](size_t number) { return Word(words, number - 3); };
  const auto user = Number<int64_t>(field(14));
  const auto system = Number<int64_t>(field(15));
  const auto start = Number<int64_t>(field(22));
  CHECK_EQ(stat.has_value(), user && system && start);
  if (!stat) return;
  CheckInside(stat->name, text);
  CHECK(IsState(field(3), stat->state)) << field(3);
  CHECK_EQ(stat->parent_pid, Number<int32_t>(field(4)).value_or(-1));
  CHECK_EQ(stat->process_group, Number<int32_t>(field(5)).value_or(-1));
  CHECK_EQ(stat->session, Number<int32_t>(field(6)).value_or(-1));
  CHECK_EQ(stat->user_ticks, *user);
  CHECK_EQ(stat->system_ticks, *system);
  CHECK_EQ(stat->start_ticks, *start);
  std::string_view nice = field(19);
  const int32_t sign = absl::ConsumePrefix(&nice, "-") ? -1 : 1;
  const std::optional<int32_t> magnitude = Number<int32_t>(nice);
  CHECK_EQ(stat->nice.has_value(), magnitude.has_value());
  if (magnitude) CHECK_EQ(*stat->nice, sign * *magnitude);
  CHECK_EQ(stat->num_threads, Number<int64_t>(field(20)).value_or(-1));
  CHECK_EQ(stat->virtual_bytes, Number<int64_t>(field(23)).value_or(-1));
}

void TestStatm(std::string_view text) {
  const std::optional<StatmText> statm = ParseStatm(text);
  const Words words = WordsOf(text);
  const auto size = Number<int64_t>(Word(words, 0));
  const auto resident = Number<int64_t>(Word(words, 1));
  CHECK_EQ(statm.has_value(), size && resident);
  if (!statm) return;
  CHECK_EQ(statm->virtual_pages, *size);
  CHECK_EQ(statm->resident_pages, *resident);
}

void TestIo(std::string_view text) {
  const std::optional<IoText> io = ParseIo(text);
  const int64_t read = NumberOf<int64_t>(Values(text, "read_bytes:"));
  const int64_t written = NumberOf<int64_t>(Values(text, "write_bytes:"));
  CHECK_EQ(io.has_value(), read >= 0 && written >= 0);
  if (!io) return;
  CHECK_EQ(io->read_bytes, read);
  CHECK_EQ(io->written_bytes, written);
}

void TestBootTime(std::string_view text) {
  std::optional<int64_t> expected;
  for (const std::string_view line : absl::StrSplit(text, '\n')) {
    const Words words = WordsOf(line);
    if (Word(words, 0) != "btime") continue;
    expected = Number<int64_t>(Word(words, 1));
    break;
  }
  CHECK(ParseBootTime(text) == expected);
}

void TestPid(std::string_view text) {
  const std::optional<int32_t> pid = ParsePid(text);
  if (!pid) return;
  CHECK_EQ(absl::StrCat(*pid), text);
  CHECK_GE(*pid, 1);
  CHECK_LE(*pid, 1 << 22);
}

void TestEnvironment(std::string_view text) {
  constexpr std::string_view kName = "TALLYMAN_LAUNCH";
  std::optional<std::string_view> expected;
  for (std::string_view entry : absl::StrSplit(text, '\0')) {
    if (absl::ConsumePrefix(&entry, "TALLYMAN_LAUNCH=")) {
      expected = entry;
      break;
    }
  }
  CHECK(FindVariable(text, kName) == expected);
  if (expected) CheckInside(*FindVariable(text, kName), text);
}

}  // namespace
}  // namespace tallyman::platform

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tallyman::fuzz::Input(data, size).rest();
  tallyman::platform::TestNames(text);
  tallyman::platform::TestStatus(text);
  tallyman::platform::TestStat(text);
  tallyman::platform::TestStatm(text);
  tallyman::platform::TestIo(text);
  tallyman::platform::TestBootTime(text);
  tallyman::platform::TestPid(text);
  tallyman::platform::TestEnvironment(text);
  return 0;
}
