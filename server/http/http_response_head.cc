#include "server/http/http_response_head.h"

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "server/http/byte_classes.h"

namespace tallyman::server {
namespace {

void AppendHeader(std::string_view name, std::string_view value,
                  std::string& out) {
  if (name.empty() || !IsAllOf(ByteClass::kWrittenName, name) ||
      !IsAllOf(ByteClass::kFieldValue, value)) {
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
    case 408:
      return "Request Timeout";
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
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
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
  if (response.stream != nullptr) {
    AppendHeader("Content-Type", response.content_type, out);
    if (!connection.is_http_1_0) out.append("Transfer-Encoding: chunked\r\n");
  } else if (!HasNoBody(response.status)) {
    const std::string_view body = response.BodyView();
    if (!body.empty()) AppendHeader("Content-Type", response.content_type, out);
    AppendHeader("Content-Length", static_cast<int64_t>(body.size()), out);
  }
  if (connection.closes) {
    out.append("Connection: close\r\n");
  } else if (connection.idle_seconds > 0) {
    if (connection.is_http_1_0) out.append("Connection: keep-alive\r\n");
    AppendHeader("Keep-Alive",
                 absl::StrCat("timeout=", connection.idle_seconds), out);
  }
  out.append("\r\n");
}

}  // namespace tallyman::server
