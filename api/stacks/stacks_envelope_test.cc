#include "api/stacks/stacks_envelope.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "api/http/error.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/pagination.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;

TEST(StacksEnvelopeTest, ASingleResourceIsAListOfOneOrAnObject) {
  const auto write = [](JsonWriter& json) { json.Int(7); };
  EXPECT_EQ(RenderOne(Mount::kPlain, write), R"({"response":[7]})");
  EXPECT_EQ(RenderOne(Mount::kApi3, write), R"({"response":7})");
}

TEST(StacksEnvelopeTest, APageHasItsPagination) {
  const auto write = [](JsonWriter& json, size_t i) {
    json.Int(static_cast<int64_t>(i));
  };
  EXPECT_EQ(RenderPage(storage::Paginate({}, 2), 2, write),
            R"({"response":[0,1],"count":2,"pagination":{"previous":null,)"
            R"("next":null,"current":1,"per_page":30,"count":2,"pages":1}})");
  EXPECT_EQ(
      RenderPage(storage::Paginate({.page = 2, .per_page = 1}, 3), 1, write),
      R"({"response":[0],"count":1,"pagination":{"previous":1,)"
      R"("next":3,"current":2,"per_page":1,"count":3,"pages":3}})");
}

TEST(StacksEnvelopeTest, ErrorsHaveThreeFields) {
  EXPECT_EQ(RenderStacksError({ErrorKind::kNotFound, "token 7"}),
            R"({"error":"not_found","error_description":"There is no such )"
            R"(resource.","details":"token 7"})");
  EXPECT_EQ(RenderStacksError({ErrorKind::kInternal, ""}),
            R"({"error":"internal_error","error_description":"The server )"
            R"(could not answer the request.","details":null})");
}

TEST(ParsePageRequestTest, ReadsAndValidates) {
  const auto parse = [](std::string_view query) {
    return ParsePageRequest(Params::Parse(query));
  };
  EXPECT_EQ(parse("")->page, 1);
  EXPECT_EQ(parse("")->per_page, 30);
  EXPECT_EQ(parse("page=7&per_page=100")->page, 7);
  EXPECT_EQ(parse("page=7&per_page=100")->per_page, 100);
  for (const std::string_view query :
       {"page=0", "page=-1", "page=x", "page=", "page=1.0"}) {
    EXPECT_EQ(parse(query).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(parse(query).status().message(), HasSubstr("page: \""));
  }
  for (const std::string_view query :
       {"per_page=0", "per_page=101", "per_page=x"}) {
    EXPECT_THAT(parse(query).status().message(),
                HasSubstr("is not an integer from 1 to 100"));
  }
}

}  // namespace
}  // namespace tallyman::api
