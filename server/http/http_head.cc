#include "server/http/http_head.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "platform/base/text.h"
#include "server/access/host_check.h"
#include "server/http/byte_classes.h"
#include "server/http/request_target.h"

namespace tallyman::server {
namespace {

api::Error Malformed(std::string details) {
  return {.kind = api::ErrorKind::kBadRequest, .details = std::move(details)};
}

// Removes the first line from `rest` and returns it without its CRLF.
std::string_view ConsumeLine(std::string_view& rest) {
  const size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

// Whether `text` is 1 to 19 digits; then `value` is their number.
bool ParseLength(std::string_view text, size_t& value) {
  uint64_t number = 0;
  if (text.empty() || text.size() > 19 || !IsAllOf(ByteClass::kDigit, text) ||
      !absl::SimpleAtoi(text, &number)) {
    return false;
  }
  value = number;
  return true;
}

std::optional<api::Error> ParseTarget(std::string_view method,
                                      std::string_view target) {
  if (target.size() > kMaxTargetBytes) {
    return api::Error{.kind = api::ErrorKind::kUriTooLong,
                      .details = absl::StrCat("the address has more than ",
                                              kMaxTargetBytes, " bytes")};
  }
  if (!IsAllOf(ByteClass::kTarget, target)) {
    return Malformed("the address has a byte that must be percent-encoded");
  }
  if (target == "*" && method == "OPTIONS") return std::nullopt;
  if (target.starts_with('/')) return std::nullopt;
  const size_t scheme_end = target.find("://");
  const bool is_absolute = absl::StartsWithIgnoreCase(target, "http://") ||
                           absl::StartsWithIgnoreCase(target, "https://");
  if (!is_absolute) {
    return Malformed(absl::StrCat("the address ", base::Quote(target),
                                  " does not begin with a slash"));
  }
  std::string_view authority = target.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?"));
  if (authority.empty() || !IsValidHost(authority)) {
    return Malformed(absl::StrCat("the address ", base::Quote(target),
                                  " has no valid host"));
  }
  return std::nullopt;
}

std::optional<api::Error> ParseRequestLine(std::string_view line,
                                           HttpHead& head,
                                           api::Request& request) {
  const size_t method_end = line.find(' ');
  const size_t version_begin = line.rfind(' ');
  if (method_end == std::string_view::npos || version_begin == method_end) {
    return Malformed(
        "the request line is not METHOD, address and version with one space "
        "between them");
  }
  const std::string_view method = line.substr(0, method_end);
  if (method.empty() || !IsAllOf(ByteClass::kName, method)) {
    return Malformed("the method is not a token");
  }
  const std::string_view version = line.substr(version_begin + 1);
  const bool is_version =
      version.size() == 8 && version.starts_with("HTTP/") &&
      absl::ascii_isdigit(static_cast<unsigned char>(version[5])) &&
      version[6] == '.' &&
      absl::ascii_isdigit(static_cast<unsigned char>(version[7]));
  if (!is_version || version[5] != '1') {
    return Malformed(absl::StrCat("the version ", base::Quote(version),
                                  " is not HTTP/1.1 or HTTP/1.0"));
  }
  head.is_http_1_0 = version[7] == '0';
  const std::string_view target =
      line.substr(method_end + 1, version_begin - method_end - 1);
  if (auto error = ParseTarget(method, target)) return error;
  request.method = method;
  SetTarget(OriginForm(target), request);
  return std::nullopt;
}

// The headers that decide about framing and connection, as they are found.
struct Framing {
  size_t hosts = 0;
  size_t lengths = 0;
  size_t codings = 0;
};

std::optional<api::Error> ParseTransferEncoding(std::string_view value,
                                                HttpHead& head) {
  if (!absl::EqualsIgnoreCase(value, "chunked")) {
    return Malformed(absl::StrCat("Transfer-Encoding ", base::Quote(value),
                                  " is not \"chunked\""));
  }
  head.is_chunked = true;
  return std::nullopt;
}

void ParseConnection(std::string_view value, HttpHead& head) {
  for (const std::string_view part : absl::StrSplit(value, ',')) {
    const std::string_view option = absl::StripAsciiWhitespace(part);
    if (absl::EqualsIgnoreCase(option, "close")) head.wants_close = true;
    if (absl::EqualsIgnoreCase(option, "keep-alive")) {
      head.wants_keep_alive = true;
    }
  }
}

std::optional<api::Error> ParseHeader(std::string_view name,
                                      std::string_view value, HttpHead& head,
                                      Framing& framing) {
  const auto is = [name](std::string_view other) {
    return absl::EqualsIgnoreCase(name, other);
  };
  switch (name.size()) {
    case 4:
      if (!is("Host")) break;
      if (++framing.hosts > 1) return Malformed("there are two Host headers");
      if (!IsValidHost(value)) {
        return Malformed(absl::StrCat("Host ", base::Quote(value),
                                      " is not a host with an optional port"));
      }
      break;
    case 6:
      if (!is("Expect")) break;
      // RFC 9110, section 10.1.1: HTTP/1.0 clients have no expectations.
      if (head.is_http_1_0) break;
      if (!absl::EqualsIgnoreCase(value, "100-continue")) {
        return api::Error{.kind = api::ErrorKind::kExpectationFailed,
                          .details = absl::StrCat("Expect ", base::Quote(value),
                                                  " is not \"100-continue\"")};
      }
      head.expects_continue = true;
      break;
    case 10:
      if (is("Connection")) ParseConnection(value, head);
      break;
    case 14:
      if (!is("Content-Length")) break;
      if (++framing.lengths > 1) {
        return Malformed("there are two Content-Length headers");
      }
      if (!ParseLength(value, head.content_length)) {
        return Malformed(absl::StrCat("Content-Length ", base::Quote(value),
                                      " is not a number of bytes"));
      }
      break;
    case 17:
      if (!is("Transfer-Encoding")) break;
      if (++framing.codings > 1) {
        return Malformed("there are two Transfer-Encoding headers");
      }
      return ParseTransferEncoding(value, head);
    default:
      break;
  }
  return std::nullopt;
}

std::optional<api::Error> ParseHeaderLine(std::string_view line, HttpHead& head,
                                          api::Request& request,
                                          Framing& framing) {
  if (line.size() + 2 > kMaxHeaderBytes) {
    return api::Error{.kind = api::ErrorKind::kHeadersTooLarge,
                      .details = absl::StrCat("a header has more than ",
                                              kMaxHeaderBytes, " bytes")};
  }
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return Malformed("a header continues on a second line");
  }
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() ||
      !IsAllOf(ByteClass::kName, name)) {
    return Malformed(absl::StrCat("the header ", base::Quote(name),
                                  " has no name that is a token, or no colon "
                                  "right after it"));
  }
  const std::string_view value =
      absl::StripAsciiWhitespace(line.substr(colon + 1));
  if (!IsAllOf(ByteClass::kFieldValue, value)) {
    return Malformed(
        absl::StrCat("the header ", name, " has a control character"));
  }
  request.headers.emplace_back(name, value);
  return ParseHeader(name, value, head, framing);
}

std::optional<api::Error> CheckFraming(const Framing& framing,
                                       const HttpHead& head) {
  if (framing.hosts == 0 && !head.is_http_1_0) {
    return Malformed("there is no Host header");
  }
  if (head.is_chunked && framing.lengths > 0) {
    return Malformed(
        "there are both Content-Length and Transfer-Encoding headers");
  }
  if (head.is_chunked && head.is_http_1_0) {
    return Malformed("HTTP/1.0 has no Transfer-Encoding");
  }
  return std::nullopt;
}

}  // namespace

HeadScanner::State HeadScanner::Scan(std::string_view bytes) {
  while (true) {
    const size_t end = bytes.find('\n', scanned_);
    const std::string_view fresh = bytes.substr(scanned_, end - scanned_);
    // A CR only before an LF; the last one may wait for its LF.
    const size_t cr = fresh.find('\r');
    const bool is_last = cr == fresh.size() - 1;
    if (fresh.find('\0') != std::string_view::npos ||
        (cr != std::string_view::npos && !is_last)) {
      return State::kMalformed;
    }
    if (end == std::string_view::npos) {
      if (bytes.size() > kMaxHeadBytes) return State::kTooLarge;
      scanned_ = cr == std::string_view::npos ? bytes.size() : scanned_ + cr;
      return State::kIncomplete;
    }
    if (cr == std::string_view::npos) return State::kMalformed;
    if (end >= kMaxHeadBytes) return State::kTooLarge;
    const bool is_empty_line = end - line_begin_ == 1;
    scanned_ = end + 1;
    line_begin_ = scanned_;
    if (is_empty_line) return State::kComplete;
  }
}

std::optional<api::Error> ParseHead(std::string_view bytes, HttpHead& head,
                                    api::Request& request) {
  head = {};
  request.method = {};
  request.path = {};
  request.params = {};
  request.headers.clear();
  request.body = {};
  std::string_view rest = bytes;
  if (auto error = ParseRequestLine(ConsumeLine(rest), head, request)) {
    return error;
  }
  Framing framing;
  size_t headers = 0;
  while (true) {
    const std::string_view line = ConsumeLine(rest);
    if (line.empty()) break;
    if (++headers > kMaxHeaders) {
      return api::Error{.kind = api::ErrorKind::kHeadersTooLarge,
                        .details = absl::StrCat("there are more than ",
                                                kMaxHeaders, " headers")};
    }
    if (auto error = ParseHeaderLine(line, head, request, framing)) {
      return error;
    }
  }
  return CheckFraming(framing, head);
}

}  // namespace tallyman::server
