#include "server/http_response_head.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/http.h"

namespace tallyman::server {
namespace {

bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '_';
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

void AppendHeader(std::string_view name, std::string_view value,
                  std::string& out) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsNameByte) ||
      std::any_of(value.begin(), value.end(), IsControl)) {
    return;
  }
  absl::StrAppend(&out, name, ": ", value, "\r\n");
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
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

void AppendResponseHead(const api::Response& response,
                        const AfterResponse& after, std::string& out) {
  absl::StrAppend(&out, "HTTP/1.1 ", response.status, " ",
                  ReasonPhrase(response.status), "\r\n");
  for (const auto& [name, value] : response.headers) {
    AppendHeader(name, value, out);
  }
  if (!HasNoBody(response.status)) {
    const std::string_view body = response.BodyView();
    if (!body.empty()) AppendHeader("Content-Type", response.content_type, out);
    absl::StrAppend(&out, "Content-Length: ", body.size(), "\r\n");
  }
  if (after.closes) {
    out.append("Connection: close\r\n");
  } else if (after.idle_seconds > 0) {
    absl::StrAppend(&out, "Keep-Alive: timeout=", after.idle_seconds, "\r\n");
  }
  out.append("\r\n");
}

}  // namespace tallyman::server
