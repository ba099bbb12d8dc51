#include "api/http/etag.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/http/http.h"

namespace tallyman::api {
namespace {

constexpr size_t kHashBytes = 16;

// What may stand between the quotation marks: etagc of RFC 9110.
bool IsTagCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

// Spaces and the commas of empty elements, which a list may have (RFC 9110,
// section 5.6.1).
void SkipSeparators(std::string_view& text) {
  const size_t end = text.find_first_not_of(" \t,");
  text.remove_prefix(end == std::string_view::npos ? text.size() : end);
}

// Takes the tag that `text` begins with; nullopt if there is none.
std::optional<EtagList::Tag> TakeTag(std::string_view& text) {
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

// All lines of a header as one list (RFC 9110, section 5.3); nullopt if there
// is none.
std::optional<std::string> WholeHeader(const Request& request,
                                       std::string_view name) {
  std::optional<std::string> whole;
  for (const auto& [key, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(key, name)) continue;
    whole = whole ? absl::StrCat(*whole, ", ", value) : std::string(value);
  }
  return whole;
}

}  // namespace

std::string ContentHash(std::string_view text) {
  std::array<char, EVP_MAX_MD_SIZE> bytes;
  unsigned int size = 0;
  CHECK_EQ(EVP_Digest(text.data(), text.size(),
                      reinterpret_cast<unsigned char*>(bytes.data()), &size,
                      EVP_sha256(), nullptr),
           1);
  return absl::BytesToHexString(std::string_view(bytes.data(), kHashBytes));
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
    std::optional<EtagList::Tag> tag = TakeTag(rest);
    const bool is_divided = rest.empty() || rest.front() == ',' ||
                            rest.front() == ' ' || rest.front() == '\t';
    if (!tag || !is_divided) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", absl::Utf8SafeCEscape(text), "\" is wrong at byte ",
          text.size() - rest.size(),
          "; send tags as ETag had them, with their quotation marks and "
          "divided by commas, or *"));
    }
    list.tags.push_back(*std::move(tag));
    SkipSeparators(rest);
  }
  return list;
}

absl::StatusOr<std::optional<EtagList>> ParseIfMatch(const Request& request) {
  const std::optional<std::string> text = WholeHeader(request, "If-Match");
  if (!text) return std::nullopt;
  absl::StatusOr<EtagList> list = ParseEtagList(*text);
  if (!list.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("If-Match: ", list.status().message()));
  }
  return *std::move(list);
}

bool IsUnchanged(const Request& request, std::string_view etag) {
  const std::optional<std::string> text = WholeHeader(request, "If-None-Match");
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
