#include "tally/logs/log_line.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/json/timestamp.h"
#include "nlohmann/json.hpp"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

// The size of the escape sequence for colours and the like that `text` begins
// with: ESC [ parameters m. 0 if it begins with something else.
size_t ColorSequence(std::string_view text) {
  constexpr size_t kMaxBytes = 64;
  if (!absl::StartsWith(text, "\x1b[")) return 0;
  for (size_t i = 2; i < std::min(text.size(), kMaxBytes); ++i) {
    if (text[i] == 'm') return i + 1;
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i])) &&
        text[i] != ';' && text[i] != ':') {
      return 0;
    }
  }
  return 0;
}

std::string LocalTime(const std::string& text) {
  const absl::StatusOr<absl::Time> time = api::ParseTimestamp(text);
  if (!time.ok()) return Printable(text);
  return api::LocalTimestampMillis(*time, absl::LocalTimeZone());
}

}  // namespace

std::string TerminalLine(std::string_view line, bool has_colors) {
  std::string out;
  bool is_colored = false;
  while (!line.empty()) {
    const size_t special = line.find_first_of("\t\x1b");
    absl::StrAppend(&out, Printable(line.substr(0, special)));
    if (special == std::string_view::npos) break;
    line.remove_prefix(special);
    const size_t sequence = ColorSequence(line);
    if (line.front() == '\t') {
      out.push_back('\t');
    } else if (sequence == 0) {
      absl::StrAppend(&out, Printable(line.substr(0, 1)));
    } else if (has_colors) {
      absl::StrAppend(&out, line.substr(0, sequence));
      is_colored = true;
    }
    line.remove_prefix(std::max<size_t>(sequence, 1));
  }
  if (is_colored) absl::StrAppend(&out, kReset);
  return out;
}

std::string InstanceLabel(std::string_view process, int64_t instance) {
  return absl::StrCat(process, ".", instance);
}

int LogPrinter::ColorOf(const std::string& label) {
  const auto [found, is_new] =
      colors_.try_emplace(label, static_cast<int>(colors_.size()));
  if (is_new) width_ = std::max(width_, label.size());
  return found->second;
}

void LogPrinter::Register(std::string_view process, int64_t instance) {
  const absl::MutexLock lock(&mutex_);
  ColorOf(InstanceLabel(process, instance));
}

bool LogPrinter::Print(const LogLine& line) {
  const absl::MutexLock lock(&mutex_);
  if (out_.is_json()) return out_.Print(absl::StrCat(line.json.dump(), "\n"));
  std::string text;
  if (options_.has_times) {
    const std::string time =
        line.seen_at.empty() ? "-" : LocalTime(line.seen_at);
    absl::StrAppend(&text, out_.In(Style::kDim, time), " ");
  }
  if (options_.has_prefix) {
    std::string label = InstanceLabel(line.process, line.instance);
    const int color = ColorOf(label);
    label.resize(std::max(width_, label.size()), ' ');
    absl::StrAppend(&text, out_.In(InstanceStyle(color),
                                   absl::StrCat(Printable(label), " | ")));
  }
  absl::StrAppend(&text,
                  out_.is_terminal()
                      ? TerminalLine(line.text, out_.has_colors())
                      : line.text,
                  "\n");
  return out_.Print(text);
}

void LogPrinter::Warn(std::string_view text) {
  const absl::MutexLock lock(&mutex_);
  out_.Warn(Printable(text));
}

void LogPrinter::Note(std::string_view text) {
  const absl::MutexLock lock(&mutex_);
  out_.Note(Printable(text));
}

}  // namespace tallyman::tally
