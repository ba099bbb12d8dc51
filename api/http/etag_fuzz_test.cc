#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/http/etag.h"
#include "api/http/http.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

std::string Write(const EtagList& list) {
  if (list.any) return "*";
  std::string text;
  for (const EtagList::Tag& tag : list.tags) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", tag.is_weak ? "W/" : "",
                    tag.opaque);
  }
  return text;
}

void TestList(std::string_view text) {
  const absl::StatusOr<EtagList> list = ParseEtagList(text);
  if (!list.ok()) {
    fuzz::CheckClientError(list.status());
    return;
  }
  CHECK(!list->any || list->tags.empty());
  for (const EtagList::Tag& tag : list->tags) {
    CHECK(tag.opaque.size() >= 2 && tag.opaque.starts_with('"') &&
          tag.opaque.find('"', 1) == tag.opaque.size() - 1)
        << tag.opaque;
    CHECK(list->HasWeak(tag.opaque));
    if (!tag.is_weak) CHECK(list->HasStrong(tag.opaque));
  }
  const std::string other = StrongEtag(text);
  CHECK(!list->HasStrong(other) || list->any ||
        text.find(other) != std::string_view::npos);
  const absl::StatusOr<EtagList> again = ParseEtagList(Write(*list));
  CHECK_OK(again);
  CHECK_EQ(again->any, list->any);
  CHECK_EQ(Write(*again), Write(*list));
}

// Each line is the value of a header.
void TestHeaders(std::string_view lines) {
  Request if_match;
  Request if_none_match;
  for (const std::string_view line : absl::StrSplit(lines, '\n')) {
    if_match.headers.emplace_back("If-Match", line);
    if_none_match.headers.emplace_back("if-none-match", line);
  }
  const absl::StatusOr<std::optional<EtagList>> list = ParseIfMatch(if_match);
  const std::string etag = StrongEtag("");
  if (!list.ok()) {
    fuzz::CheckClientError(list.status());
    CHECK(!IsUnchanged(if_none_match, etag));
    return;
  }
  CHECK(list->has_value());
  CHECK_EQ(IsUnchanged(if_none_match, etag), (*list)->HasWeak(etag));
  for (const EtagList::Tag& tag : (*list)->tags) {
    CHECK(IsUnchanged(if_none_match, tag.opaque));
  }
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tallyman::fuzz::Input(data, size).rest();
  tallyman::api::TestList(text);
  tallyman::api::TestHeaders(text);
  return 0;
}
