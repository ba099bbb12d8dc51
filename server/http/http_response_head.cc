#include "server/http/http_response_head.h"

#include <array>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/http.h"

namespace tallyman::server {
namespace {

constexpr uint8_t kWrittenName = 1;
constexpr uint8_t kWrittenValue = 2;

// Classes of bytes: names are tokens (RFC 9110, section 5.6.2), here without
// punctuation except '-' and '_'.
constexpr std::array<uint8_t, 256> kWrittenClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    if ((c >= 0x20 && c != 0x7F) || c == '\t') classes[c] |= kWrittenValue;
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
        (c >= 'a' && c <= 'z') || c == '-' || c == '_') {
      classes[c] |= kWrittenName;
    }
  }
  return classes;
}();

bool IsAllOf(uint8_t of_class, std::string_view text) {
  uint8_t common = of_class;
  for (const char c : text) {
    common &= kWrittenClasses[static_cast<unsigned char>(c)];
  }
  return common != 0;
}

void AppendHeader(std::string_view name, std::string_view value,
                  std::string& out) {
  if (name.empty() || !IsAllOf(kWrittenName, name) ||
      !IsAllOf(kWrittenValue, value)) {
    return;
  }
  out.append(name).append(": ").append(value).append("\r\n");
}

void AppendHeader(std::string_view name, int64_t value, std::string& out) {
  const absl::AlphaNum digits(value);
  out.append(name).append(": ").append(digits.Piece()).append("\r\n");
}

}  // namespace

bool HasNoBody(int status) { return status == 204 || status == 304; }

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

std::string HttpDate(absl::Time time) {
  return absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT", time,
                          absl::UTCTimeZone());
}

std::string_view HttpDateNow() {
  thread_local time_t last_second = 0;
  thread_local std::string last_date;
  const time_t second = std::time(nullptr);
  if (second != last_second || last_date.empty()) {
    last_date = HttpDate(absl::FromTimeT(second));
    last_second = second;
  }
  return last_date;
}

void AppendResponseHead(const api::Response& response,
                        const ConnectionInfo& connection, std::string_view date,
                        std::string& out) {
  absl::StrAppend(&out, "HTTP/1.1 ", response.status, " ",
                  ReasonPhrase(response.status), "\r\n");
  if (!date.empty()) AppendHeader("Date", date, out);
  for (const auto& [name, value] : response.headers) {
    AppendHeader(name, value, out);
  }
  if (!HasNoBody(response.status)) {
    const std::string_view body = response.BodyView();
    if (!body.empty()) AppendHeader("Content-Type", response.content_type, out);
    AppendHeader("Content-Length", static_cast<int64_t>(body.size()), out);
  }
  if (connection.closes) {
    out.append("Connection: close\r\n");
  } else if (connection.idle_seconds > 0) {
    AppendHeader("Keep-Alive",
                 absl::StrCat("timeout=", connection.idle_seconds), out);
  }
  out.append("\r\n");
}

}  // namespace tallyman::server
