#include "server/http/http_parser.h"

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/strings/match.h"
#include "api/http/http.h"
#include "server/access/host_check.h"
#include "server/http/byte_classes.h"
#include "server/http/http_head.h"
#include "server/http/request_target.h"

namespace tallyman::server {
namespace {

// Removes the longest prefix of bytes of the class from `rest`; returns it.
std::string_view ConsumeClass(ByteClass of_class, std::string_view& rest) {
  size_t size = 0;
  while (size < rest.size() && IsOf(of_class, rest[size])) ++size;
  const std::string_view prefix = rest.substr(0, size);
  rest.remove_prefix(size);
  return prefix;
}

bool ConsumePrefix(std::string_view text, std::string_view& rest) {
  if (!rest.starts_with(text)) return false;
  rest.remove_prefix(text.size());
  return true;
}

bool HasHeader(const api::Request& request, std::string_view name) {
  for (const auto& [other, value] : request.headers) {
    if (absl::EqualsIgnoreCase(name, other)) return true;
  }
  return false;
}

bool ConsumeMethod(std::string_view& rest, std::string_view& method) {
  method = rest.starts_with("GET ") ? rest.substr(0, 3) : rest.substr(0, 4);
  if (method != "GET" && method != "HEAD") return false;
  rest.remove_prefix(method.size());
  return ConsumePrefix(" ", rest);
}

// Whether `value` is a media type or a range of them without parameters, as in
// "*/*" (RFC 9110, section 12.5.1).
bool IsOneMediaType(std::string_view value) {
  return !ConsumeClass(ByteClass::kName, value).empty() &&
         ConsumePrefix("/", value) &&
         !ConsumeClass(ByteClass::kName, value).empty() && value.empty();
}

// Whether a plain request may have this header. Sets `has_host` if it is Host.
bool IsPlainHeader(std::string_view name, std::string_view value,
                   bool& has_host) {
  const auto is = [name](std::string_view other) {
    return absl::EqualsIgnoreCase(name, other);
  };
  switch (name.size()) {
    case 4:
      if (!is("Host")) return true;
      has_host = true;
      return IsValidHost(value);
    case 5:
      return !is("Range");
    case 6:
      return !is("Expect") && (!is("Accept") || IsOneMediaType(value));
    case 7:
      return !is("Upgrade");
    case 10:
      return !is("Connection") || absl::EqualsIgnoreCase(value, "keep-alive");
    case 14:
      return !is("Content-Length");
    case 17:
      return !is("Transfer-Encoding");
    default:
      return true;
  }
}

}  // namespace

std::optional<size_t> ParsePlainRequest(std::string_view bytes,
                                        api::Request& request) {
  std::string_view rest = bytes;
  if (!ConsumeMethod(rest, request.method)) return std::nullopt;
  const std::string_view target = ConsumeClass(ByteClass::kTarget, rest);
  if (!target.starts_with('/') || !ConsumePrefix(" HTTP/1.1\r\n", rest)) {
    return std::nullopt;
  }
  request.headers.clear();
  bool has_host = false;
  while (!ConsumePrefix("\r\n", rest)) {
    const std::string_view name = ConsumeClass(ByteClass::kName, rest);
    if (name.empty() || !ConsumePrefix(":", rest)) return std::nullopt;
    while (ConsumePrefix(" ", rest)) {
    }
    std::string_view value = ConsumeClass(ByteClass::kPlainValue, rest);
    if (!ConsumePrefix("\r\n", rest)) return std::nullopt;
    while (value.ends_with(' ')) value.remove_suffix(1);
    if (request.headers.size() == kMaxPlainHeaders ||
        name.size() + value.size() + 4 > kMaxHeaderBytes ||
        HasHeader(request, name) || !IsPlainHeader(name, value, has_host)) {
      return std::nullopt;
    }
    request.headers.emplace_back(name, value);
  }
  const size_t size = bytes.size() - rest.size();
  if (!has_host || size > kMaxHeadBytes || target.size() > kMaxTargetBytes) {
    return std::nullopt;
  }
  SetTarget(target, request);
  request.body = {};
  return size;
}

}  // namespace tallyman::server
