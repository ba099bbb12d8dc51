#include "server/handlers/output_renderer.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "api/redaction/redaction.h"
#include "gtest/gtest.h"
#include "stacks/output/output_line.h"

namespace tallyman::server {
namespace {

TEST(EventIdTest, AnIdStandsForItsMark) {
  for (const stacks::OutputMark& mark :
       {stacks::OutputMark{},
        {.ring = 0x9f, .sequence = 12, .instance = 3},
        {.ring = std::numeric_limits<uint64_t>::max(),
        .sequence = std::numeric_limits<int64_t>::max(),
        .instance = 1000,
        .generation = 0xabcdef0123456789,
        .offset = -4096}}) {
    EXPECT_EQ(ParseEventId(FormatEventId(mark)), mark) << FormatEventId(mark);
  }
  EXPECT_EQ(FormatEventId({.ring = 0x9f, .sequence = 12, .instance = 3}),
            "9f:12:3:0:0");
}

TEST(EventIdTest, OtherTextIsNoId) {
  for (const std::string_view id :
       {"", "1", "1:2:3:4", "1:2:3:4:5:6", "1:2:3:4:", "x:2:3:4:5",
        "0x1:2:3:4:5", "1: 2:3:4:5", "1:2:3:4:99999999999999999999",
        "1:2:3:11112222333344445:5"}) {
    EXPECT_FALSE(ParseEventId(id).has_value()) << id;
  }
}

TEST(OutputRendererTest, EventsNameTheProcess) {
  const std::unique_ptr<api::Redactor> redactor = api::Redactor::Disabled();
  const OutputRenderer renderer("web", "host", *redactor);
  std::string out;
  renderer.Line({.instance = 2,
                 .text = "hello",
                 .mark = {.ring = 0x9f, .sequence = 1, .instance = 2}},
                out);
  renderer.Gap({.reason = stacks::OutputGap::Reason::kTooFar, .instance = 2},
               out);
  renderer.Mark({.ring = 0x9f, .sequence = 2}, out);
  renderer.KeepAlive(out);
  renderer.End(out);
  EXPECT_EQ(
      out,
      "event: output\nid: 9f:1:2:0:0\n"
      R"(data: {"process":"web","server":"host","instance":2,"line":"hello"})"
      "\n\nevent: gap\n"
      R"(data: {"process":"web","server":"host","instance":2,)"
      R"("reason":"too_far","lines":null})"
      "\n\nid: 9f:2:0:0:0\n\n: keep-alive\n\nevent: end\n"
      R"(data: {"process":"web","server":"host","instance":null,)"
      R"("reason":"removed"})"
      "\n\n");
}

}  // namespace
}  // namespace tallyman::server
