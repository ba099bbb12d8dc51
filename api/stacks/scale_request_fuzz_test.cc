#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/http/params.h"
#include "api/http/request_fields.h"
#include "api/stacks/scale_request.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "stacks/model/definition.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

std::string Encode(std::string_view bytes) {
  std::string encoded;
  for (const char byte : bytes) {
    absl::StrAppend(
        &encoded, "%",
        absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
  }
  return encoded;
}

void CheckSame(const Request& request, const ScaleRequest& expected) {
  const absl::StatusOr<ScaleRequest> parsed = ParseScaleRequest(request);
  CHECK_OK(parsed);
  CHECK_EQ(parsed->process_name, expected.process_name);
  // A JSON object orders its members.
  auto counts = parsed->counts;
  auto expected_counts = expected.counts;
  std::sort(counts.begin(), counts.end());
  std::sort(expected_counts.begin(), expected_counts.end());
  CHECK(counts == expected_counts);
}

// The same request in the query, in a form, and in JSON if that can hold it.
void TestOtherForms(const ScaleRequest& scale) {
  std::string form = absl::StrCat("process_name=", Encode(scale.process_name));
  nlohmann::json json = {{"process_name", scale.process_name}};
  bool is_utf8 = !base::FindInvalidUtf8(scale.process_name);
  for (const auto& [uid, count] : scale.counts) {
    absl::StrAppend(&form, "&server_count%5B", Encode(uid), "%5D=", count);
    json["server_count"][uid] = count;
    is_utf8 = is_utf8 && !base::FindInvalidUtf8(uid);
  }
  CheckSame({.params = Params::Parse(form)}, scale);
  CheckSame({.headers = {{"Content-Type", kFormMediaType}}, .body = form},
            scale);
  if (!is_utf8) return;
  const std::string body = json.dump();
  CheckSame({.headers = {{"Content-Type", kJsonMediaType}}, .body = body},
            scale);
}

void TestScaleRequest(const Request& request) {
  const absl::StatusOr<ScaleRequest> scale = ParseScaleRequest(request);
  if (!scale.ok()) {
    fuzz::CheckClientError(scale.status());
    return;
  }
  CHECK(HasSupportedBodyType(request));
  CHECK(!scale->process_name.empty());
  CHECK(!scale->counts.empty());
  std::set<std::string> uids;
  for (const auto& [uid, count] : scale->counts) {
    CHECK(!uid.empty());
    CHECK(uids.insert(uid).second) << uid;
    CHECK_GE(count, 0);
    CHECK_LE(count, stacks::kMaxInstances);
  }
  TestOtherForms(*scale);
}

}  // namespace
}  // namespace tallyman::api

// A line with the Content-Type, one with the query; then the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  tallyman::api::Request request;
  request.headers = {{"Content-Type", input.TakeLine()}};
  request.params = tallyman::api::Params::Parse(input.TakeLine());
  request.body = input.rest();
  tallyman::api::TestScaleRequest(request);
  return 0;
}
