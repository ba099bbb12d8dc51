#include "tools/crowd/answer_reader.h"

#include <string_view>

#include "gtest/gtest.h"

namespace tallyman::crowd {
namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n"
    "Content-Length: 5\r\n\r\nhello";

TEST(AnswerReaderTest, ReadsAnAnswerInOnePiece) {
  AnswerReader reader;
  ASSERT_TRUE(reader.Feed(kAnswer));
  EXPECT_TRUE(reader.is_complete());
  EXPECT_EQ(reader.status(), 503);
  EXPECT_TRUE(reader.has_retry_after());
  EXPECT_EQ(reader.last_body(), "hello");
}

TEST(AnswerReaderTest, ReadsAnAnswerByteByByte) {
  AnswerReader reader;
  for (const char& byte : kAnswer) {
    EXPECT_FALSE(reader.is_complete());
    ASSERT_TRUE(reader.Feed({&byte, 1}));
  }
  EXPECT_TRUE(reader.is_complete());
  EXPECT_EQ(reader.body_size(), 5);
}

TEST(AnswerReaderTest, RefusesMoreThanOneAnswer) {
  AnswerReader reader;
  ASSERT_TRUE(reader.Feed(kAnswer));
  EXPECT_FALSE(reader.Feed("H"));
  reader.Reset();
  EXPECT_TRUE(reader.Feed("H"));
}

TEST(AnswerReaderTest, RefusesOtherProtocols) {
  AnswerReader reader;
  EXPECT_FALSE(reader.Feed("220 mail\r\n\r\n"));
}

TEST(AnswerReaderTest, AStreamHasNoEnd) {
  AnswerReader reader;
  ASSERT_TRUE(reader.Feed("HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n"));
  EXPECT_FALSE(reader.is_complete());
  EXPECT_EQ(reader.last_body(), "data: 1\n\n");
  ASSERT_TRUE(reader.Feed("data: 2\n\n"));
  EXPECT_EQ(reader.body_size(), 18);
}

}  // namespace
}  // namespace tallyman::crowd
