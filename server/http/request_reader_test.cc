#include "server/http/request_reader.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/body_budget.h"

namespace tallyman::server {
namespace {

using ::testing::IsEmpty;

// The bytes of an incomplete head are in a buffer that other connections use
// next. A refusal for a deadline must not look at them.
TEST(RequestReaderTest, AnIncompleteHeadLeavesNothingInTheRequest) {
  BodyBudget budget(1000);
  RequestReader reader(1000, budget);
  std::string_view bytes =
      "GET /x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer secret\r\nX: ";
  EXPECT_EQ(reader.Read(bytes), RequestReader::Result::kIncomplete);
  EXPECT_TRUE(reader.has_begun());
  EXPECT_EQ(reader.request().method, "");
  EXPECT_EQ(reader.request().path, "");
  EXPECT_THAT(reader.request().headers, IsEmpty());
}

TEST(RequestReaderTest, AnOwnedRequestDoesNotNeedTheBytes) {
  BodyBudget budget(1000);
  RequestReader reader(1000, budget);
  std::string buffer =
      "POST http://h HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n";
  std::string_view bytes = buffer;
  ASSERT_EQ(reader.Read(bytes), RequestReader::Result::kHead);
  reader.Own();
  buffer.assign(buffer.size(), '?');
  bytes = "ab";
  ASSERT_EQ(reader.Read(bytes), RequestReader::Result::kComplete);
  EXPECT_EQ(reader.request().method, "POST");
  EXPECT_EQ(reader.request().path, "/");
  EXPECT_EQ(reader.request().Header("host"), "h");
  EXPECT_EQ(reader.request().body, "ab");
}

}  // namespace
}  // namespace tallyman::server
