#include "platform/linux/proc_detail_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace tallyman::platform {
namespace {

// Removes the first word, and the blanks before it, from `text` and returns it.
std::string_view TakeWord(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const size_t end = std::min(text.find(' ', begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

// All of `text` as a number without a sign.
template <typename Int>
std::optional<Int> ParseWhole(std::string_view text, int base) {
  Int number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (text.empty() || text.front() == '-' || error != std::errc() ||
      stop != end) {
    return std::nullopt;
  }
  return number;
}

// Characters of names; those of shells' functions ("BASH_FUNC_x%%") are among
// them, and those of encoded data ("+", "/") are not.
bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::StrContains("_.-%()", c);
}

}  // namespace

std::optional<int64_t> ParsePss(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!absl::ConsumePrefix(&line, "Pss:")) continue;
    const std::optional<int64_t> kilobytes =
        ParseWhole<int64_t>(TakeWord(line), 10);
    if (!kilobytes || *kilobytes > std::numeric_limits<int64_t>::max() / 1024) {
      return std::nullopt;
    }
    return *kilobytes * 1024;
  }
  return std::nullopt;
}

void ForEachVariableName(std::string_view environment,
                         absl::FunctionRef<void(std::string_view)> take) {
  bool follows_variable = true;
  while (!environment.empty()) {
    const size_t end = std::min(environment.find('\0'), environment.size());
    const std::string_view entry = environment.substr(0, end);
    environment.remove_prefix(std::min(end + 1, environment.size()));
    const size_t equals = entry.find('=');
    const bool is_variable = equals != std::string_view::npos && equals > 0;
    if (is_variable && follows_variable) {
      const std::string_view name = entry.substr(0, equals);
      const bool is_name =
          !absl::ascii_isdigit(static_cast<unsigned char>(name.front())) &&
          std::all_of(name.begin(), name.end(), IsNameCharacter);
      if (is_name) take(name);
    }
    follows_variable = is_variable;
  }
}

std::optional<uint64_t> ParseSocketLink(std::string_view link) {
  if (!absl::ConsumePrefix(&link, "socket:[") ||
      !absl::ConsumeSuffix(&link, "]")) {
    return std::nullopt;
  }
  return ParseWhole<uint64_t>(link, 10);
}

// sl, local, remote, state, queues, timer, retransmissions, uid, timeout,
// inode.
std::optional<InetRow> ParseInetRow(std::string_view line) {
  TakeWord(line);
  const std::string_view local = TakeWord(line);
  TakeWord(line);
  const std::optional<int> state = ParseWhole<int>(TakeWord(line), 16);
  for (int i = 0; i < 5; ++i) TakeWord(line);
  const std::optional<uint64_t> inode =
      ParseWhole<uint64_t>(TakeWord(line), 10);
  const size_t colon = local.find(':');
  if (!state || !inode || colon == std::string_view::npos) return std::nullopt;
  const std::optional<uint16_t> port =
      ParseWhole<uint16_t>(local.substr(colon + 1), 16);
  if (!port) return std::nullopt;
  return InetRow{.address = local.substr(0, colon),
                 .port = *port,
                 .state = *state,
                 .inode = *inode};
}

std::string InetAddressText(std::string_view hex) {
  constexpr size_t kWordDigits = 8;
  constexpr size_t kMaxWords = sizeof(in6_addr) / sizeof(uint32_t);
  const size_t num_words = hex.size() / kWordDigits;
  if (hex.size() % kWordDigits != 0 ||
      (num_words != 1 && num_words != kMaxWords)) {
    return "";
  }
  std::array<uint32_t, kMaxWords> words = {};
  for (size_t i = 0; i < num_words; ++i) {
    const std::optional<uint32_t> word =
        ParseWhole<uint32_t>(hex.substr(i * kWordDigits, kWordDigits), 16);
    if (!word) return "";
    words[i] = *word;
  }
  std::array<char, INET6_ADDRSTRLEN> text;
  const int family = num_words == 1 ? AF_INET : AF_INET6;
  if (inet_ntop(family, words.data(), text.data(), text.size()) == nullptr) {
    return "";
  }
  return text.data();
}

// Num, RefCount, Protocol, Flags, Type, St, Inode, Path.
std::optional<UnixRow> ParseUnixRow(std::string_view line) {
  constexpr uint32_t kAccepts = 1u << 16;  // __SO_ACCEPTCON of linux/net.h.
  for (int i = 0; i < 3; ++i) TakeWord(line);
  const std::optional<uint32_t> flags =
      ParseWhole<uint32_t>(TakeWord(line), 16);
  for (int i = 0; i < 2; ++i) TakeWord(line);
  const std::optional<uint64_t> inode =
      ParseWhole<uint64_t>(TakeWord(line), 10);
  if (!flags || !inode) return std::nullopt;
  // One blank separates the path, which may have blanks itself.
  absl::ConsumePrefix(&line, " ");
  return UnixRow{
      .is_listening = (*flags & kAccepts) != 0, .inode = *inode, .path = line};
}

}  // namespace tallyman::platform
