#include "api/http/etag.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/http/http.h"
#include "platform/base/digest.h"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

constexpr size_t kHashBytes = 16;

// A character between the quotation marks: etagc (RFC 9110, section 8.8.3).
bool IsTagCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

// Removes whitespace and commas; a list may have empty elements (RFC 9110,
// section 5.6.1).
void SkipSeparators(std::string_view& text) {
  const size_t end = text.find_first_not_of(" \t,");
  text.remove_prefix(end == std::string_view::npos ? text.size() : end);
}

// Removes and returns the tag at the beginning of `text`; nullopt, and `text`
// is unchanged, if there is none.
std::optional<EtagList::Tag> ConsumeTag(std::string_view& text) {
  EtagList::Tag tag;
  std::string_view rest = text;
  if (rest.starts_with("W/")) {
    tag.is_weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  size_t end = 1;
  while (end < rest.size() && IsTagCharacter(rest[end])) ++end;
  if (end == rest.size() || rest[end] != '"') return std::nullopt;
  tag.opaque = std::string(rest.substr(0, end + 1));
  rest.remove_prefix(end + 1);
  text = rest;
  return tag;
}

// The values of all headers `name`, joined (RFC 9110, section 5.3); nullopt if
// there is none.
std::optional<std::string> JoinedHeader(const Request& request,
                                        std::string_view name) {
  std::optional<std::string> joined;
  for (const auto& [key, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(key, name)) continue;
    joined = joined ? absl::StrCat(*joined, ", ", value) : std::string(value);
  }
  return joined;
}

}  // namespace

std::string ContentHash(std::string_view text) {
  const base::Sha256Digest digest = base::Sha256(text);
  return absl::BytesToHexString(std::string_view(
      reinterpret_cast<const char*>(digest.data()), kHashBytes));
}

std::string StrongEtag(std::string_view representation) {
  return absl::StrCat("\"", ContentHash(representation), "\"");
}

bool EtagList::HasStrong(std::string_view etag) const {
  return any || absl::c_any_of(tags, [&](const Tag& tag) {
           return !tag.is_weak && tag.opaque == etag;
         });
}

bool EtagList::HasWeak(std::string_view etag) const {
  return any || absl::c_any_of(
                    tags, [&](const Tag& tag) { return tag.opaque == etag; });
}

absl::StatusOr<EtagList> ParseEtagList(std::string_view text) {
  EtagList list;
  if (absl::StripAsciiWhitespace(text) == "*") {
    list.any = true;
    return list;
  }
  std::string_view rest = text;
  SkipSeparators(rest);
  while (!rest.empty()) {
    std::optional<EtagList::Tag> tag = ConsumeTag(rest);
    const bool is_separated = rest.empty() || rest.front() == ',' ||
                              rest.front() == ' ' || rest.front() == '\t';
    if (!tag || !is_separated) {
      return absl::InvalidArgumentError(absl::StrCat(
          base::Quote(text), " is wrong at byte ", text.size() - rest.size(),
          "; send tags as the header ETag gave them, with their quotation "
          "marks and separated by commas, or *"));
    }
    list.tags.push_back(*std::move(tag));
    SkipSeparators(rest);
  }
  return list;
}

absl::StatusOr<std::optional<EtagList>> ParseIfMatch(const Request& request) {
  const std::optional<std::string> text = JoinedHeader(request, "If-Match");
  if (!text) return std::nullopt;
  absl::StatusOr<EtagList> list = ParseEtagList(*text);
  if (!list.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("If-Match: ", list.status().message()));
  }
  return *std::move(list);
}

bool IsUnchanged(const Request& request, std::string_view etag) {
  const std::optional<std::string> text =
      JoinedHeader(request, "If-None-Match");
  if (!text) return false;
  const absl::StatusOr<EtagList> list = ParseEtagList(*text);
  return list.ok() && list->HasWeak(etag);
}

Response NotModified(std::string_view etag) {
  Response response;
  response.status = 304;
  response.AddHeader("ETag", std::string(etag));
  return response;
}

}  // namespace tallyman::api
