#include "tally/doctor/system_text.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tally/doctor/facts.h"

namespace tallyman::tally {
namespace {

using Words = std::vector<std::string_view>;

Words WordsOf(std::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// The rest of the first line that begins with `name`.
std::optional<std::string_view> LineOf(std::string_view text,
                                       std::string_view name) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, name)) return line.substr(name.size());
  }
  return std::nullopt;
}

// Octal escapes such as \040 of a space.
std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i).substr(0, 4);
    if (text[i] == '\\' && digits.size() == 4 &&
        digits.find_first_not_of("01234567", 1) == std::string_view::npos) {
      out.push_back(static_cast<char>(
          (digits[1] - '0') * 64 + (digits[2] - '0') * 8 + (digits[3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

int64_t LimitOf(std::string_view word) {
  int64_t limit = -1;
  return absl::SimpleAtoi(word, &limit) ? limit : -1;
}

// "0100007F:22B8": words of 32 bits in the machine's order.
std::optional<ListeningAddress> ParseAddress(std::string_view text,
                                             bool is_ipv6) {
  const std::pair<std::string_view, std::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  const size_t words = is_ipv6 ? 4 : 1;
  if (parts.first.size() != words * 8) return std::nullopt;
  std::array<uint32_t, 4> address = {};
  for (size_t i = 0; i < words; ++i) {
    if (!absl::SimpleHexAtoi(parts.first.substr(i * 8, 8), &address[i])) {
      return std::nullopt;
    }
  }
  ListeningAddress parsed;
  if (!absl::SimpleHexAtoi(parts.second, &parsed.port)) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> written = {};
  if (inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, address.data(), written.data(),
                written.size()) == nullptr) {
    return std::nullopt;
  }
  parsed.address = written.data();
  return parsed;
}

}  // namespace

std::map<std::string, Limit> ParseLimits(std::string_view text) {
  std::map<std::string, Limit> limits;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    // The name has one space between words, columns have two and more.
    const size_t end = line.find("  ");
    if (end == absl::string_view::npos || !absl::StartsWith(line, "Max ")) {
      continue;
    }
    const Words words = WordsOf(line.substr(end));
    if (words.size() < 2) continue;
    limits[std::string(line.substr(0, end))] = {.soft = LimitOf(words[0]),
                                                .hard = LimitOf(words[1])};
  }
  return limits;
}

std::optional<uid_t> ParseEffectiveUser(std::string_view status) {
  const std::optional<std::string_view> line = LineOf(status, "Uid:");
  if (!line) return std::nullopt;
  const Words words = WordsOf(*line);
  uid_t uid = 0;
  if (words.size() < 2 || !absl::SimpleAtoi(words[1], &uid)) {
    return std::nullopt;
  }
  return uid;
}

std::optional<uint64_t> ParseCapabilities(std::string_view status) {
  const std::optional<std::string_view> line = LineOf(status, "CapEff:");
  uint64_t bits = 0;
  if (!line || !absl::SimpleHexAtoi(absl::StripAsciiWhitespace(*line), &bits)) {
    return std::nullopt;
  }
  return bits;
}

std::string ParseCgroupPath(std::string_view text) {
  return std::string(LineOf(text, "0::").value_or(""));
}

std::vector<Mount> ParseMounts(std::string_view text) {
  std::vector<Mount> mounts;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const Words words = WordsOf(line);
    // Optional fields stand between the sixth and "-".
    const auto dash = absl::c_find(words, "-");
    if (dash - words.begin() < 6 || words.end() - dash < 4) continue;
    mounts.push_back({.root = Unescape(words[3]),
                      .point = Unescape(words[4]),
                      .type = std::string(dash[1]),
                      .options = absl::StrCat(words[5], ",", dash[3])});
  }
  return mounts;
}

bool HasOption(std::string_view options, std::string_view name) {
  return absl::c_linear_search(
      std::vector<std::string_view>(absl::StrSplit(options, ',')), name);
}

std::vector<ListeningSocket> ParseListening(std::string_view text,
                                            bool is_ipv6) {
  constexpr std::string_view kListen = "0A";
  std::vector<ListeningSocket> sockets;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const Words words = WordsOf(line);
    if (words.size() < 10 || words[3] != kListen) continue;
    std::optional<ListeningAddress> address = ParseAddress(words[1], is_ipv6);
    uint64_t inode = 0;
    if (!address || !absl::SimpleAtoi(words[9], &inode)) continue;
    sockets.push_back({.address = *std::move(address), .inode = inode});
  }
  return sockets;
}

std::map<std::string, std::string> ParseProperties(std::string_view text) {
  std::map<std::string, std::string> properties;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::pair<std::string_view, std::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (!parts.first.empty()) {
      properties[std::string(parts.first)] = std::string(parts.second);
    }
  }
  return properties;
}

std::optional<absl::Time> ParseHttpDate(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &time, &error)) {
    return std::nullopt;
  }
  return time;
}

}  // namespace tallyman::tally
