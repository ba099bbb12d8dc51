#include "tally/client/event_parser.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "TYPE|DATA|ID" of each event, from pieces of `size` bytes.
std::vector<std::string> EventsOf(std::string_view text, size_t size,
                                  size_t max_event_bytes = 1000) {
  std::vector<std::string> events;
  EventParser parser(max_event_bytes);
  for (size_t at = 0; at < text.size(); at += size) {
    parser.Read(text.substr(at, size), [&](const StreamEvent& event) {
      events.push_back(
          absl::StrCat(event.type, "|", event.data, "|", event.id));
      return true;
    });
  }
  return events;
}

TEST(EventParserTest, PiecesDoNotMatter) {
  constexpr std::string_view kText =
      ": hello\nretry: 2000\n\nevent: snapshot\nid: 7\ndata: a\ndata:b\r\n\r\n"
      "data\rdata: \r\rid\ndata: c\n\nevent: empty\n\ndata: unfinished";
  for (const size_t size : {1, 2, 3, 7, 1000}) {
    EXPECT_THAT(EventsOf(kText, size),
                ElementsAre("snapshot|a\nb|7", "message|\n|7", "message|c|"))
        << size;
  }
}

TEST(EventParserTest, AnIdWithNulIsIgnored) {
  EXPECT_THAT(
      EventsOf(std::string_view("id: 1\nid: a\0b\ndata: x\n\n", 23), 100),
      ElementsAre("message|x|1"));
}

TEST(EventParserTest, EndsWhenTheReaderHasEnough) {
  EventParser parser;
  int events = 0;
  EXPECT_FALSE(parser.Read("data: 1\n\ndata: 2\n\n", [&](const StreamEvent&) {
    ++events;
    return false;
  }));
  EXPECT_EQ(events, 1);
  EXPECT_THAT(EventsOf("\n\n\n", 1), IsEmpty());
}

// The limit is of an event: one that is too large is dropped whole, and the
// next one is read.
TEST(EventParserTest, AnEventThatIsTooLargeIsDroppedWhole) {
  constexpr std::string_view kText =
      "data: 12345678\ndata: 12345678\ndata: tail\n\ndata: next\n\n"
      "event: long-name-of-a-type\ndata: x\n\ndata: last\n\n";
  for (const size_t size : {1, 5, 1000}) {
    EXPECT_THAT(EventsOf(kText, size, 16),
                ElementsAre("message|next|", "message|last|"));
  }
}

}  // namespace
}  // namespace tallyman::tally
