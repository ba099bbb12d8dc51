#include "tally/terminal/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "platform/base/utf8.h"

namespace tallyman::tally {
namespace {

// Not wcwidth(3), which needs a locale. The ranges are those of the East Asian
// Width property (W and F) of Unicode 15, and combining marks of common
// scripts.
struct Range {
  int32_t first;
  int32_t last;
};

constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},
    {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},
    {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
    {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},
    {0x26f2, 0x26f3},   {0x26f5, 0x26f5},   {0x26fa, 0x26fa},
    {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},
    {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},
    {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},
    {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe10, 0xfe19},   {0xfe30, 0xfe6b},   {0xff01, 0xff60},
    {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x1b000, 0x1b2fb},
    {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
    {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335},
    {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca},
    {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4},
    {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc},
    {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f567}, {0x1f57a, 0x1f57a},
    {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f},
    {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2},
    {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df}, {0x1f6eb, 0x1f6ec},
    {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f93a},
    {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff},
    {0x20000, 0x3fffd}};

constexpr Range kCombining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},  {0x05bf, 0x05bf},
    {0x05c1, 0x05c2}, {0x05c4, 0x05c5}, {0x0610, 0x061a},  {0x064b, 0x065f},
    {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x0900, 0x0902},  {0x093c, 0x093c},
    {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0e31, 0x0e31},  {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},  {0x200b, 0x200d},
    {0x2060, 0x2060}, {0x20d0, 0x20ff}, {0x3099, 0x309a},  {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};

template <size_t kSize>
bool Contains(const Range (&ranges)[kSize], int32_t code) {
  const Range* const found = std::lower_bound(
      std::begin(ranges), std::end(ranges), code,
      [](const Range& range, int32_t value) { return range.last < value; });
  return found != std::end(ranges) && found->first <= code;
}

int ColumnsOf(int32_t code) {
  if (code < 0x300) return 1;
  if (Contains(kCombining, code)) return 0;
  return Contains(kWide, code) ? 2 : 1;
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const base::Utf8Character character = base::FirstCharacter(text);
    if (!character.valid()) {
      out += kReplacement;
    } else if (character.code == '\t' || character.code == '\n' ||
               character.code == '\r') {
      out.push_back(' ');
    } else if (base::IsControl(character.code)) {
      out += "·";
    } else {
      out.append(text.substr(0, character.size));
    }
    text.remove_prefix(character.size);
  }
  return out;
}

int Columns(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const base::Utf8Character character = base::FirstCharacter(text);
    columns += character.valid() ? ColumnsOf(character.code) : 1;
    text.remove_prefix(character.size);
  }
  return columns;
}

std::string Cut(std::string_view text, int columns) {
  if (columns <= 0) return "";
  int used = 0;
  size_t fits = 0;  // Bytes that leave a column for the "…".
  size_t at = 0;
  while (at < text.size()) {
    const base::Utf8Character character = base::FirstCharacter(text.substr(at));
    used += character.valid() ? ColumnsOf(character.code) : 1;
    if (used > columns) return absl::StrCat(text.substr(0, fits), "…");
    at += character.size;
    if (used <= columns - 1) fits = at;
  }
  return std::string(text);
}

std::string HumanBytes(int64_t bytes) {
  if (bytes < 0) return "-";
  if (bytes < 1024) return absl::StrCat(bytes);
  constexpr std::string_view kUnits = "KMGTPE";
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (value /= 1024; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit) {
    value /= 1024;
  }
  return absl::StrFormat("%.*f%c", value < 99.95 ? 1 : 0, value, kUnits[unit]);
}

std::string HumanDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) return "-";
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  if (minutes == 0) return absl::StrCat(seconds, "s");
  if (hours == 0) return absl::StrFormat("%dm%02ds", minutes, seconds % 60);
  if (hours < 24) return absl::StrFormat("%dh%02dm", hours, minutes % 60);
  return absl::StrFormat("%dd%02dh", hours / 24, hours % 24);
}

}  // namespace tallyman::tally
