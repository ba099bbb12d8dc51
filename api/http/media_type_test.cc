#include "api/http/media_type.h"

#include <optional>
#include <string>
#include <string_view>

#include "api/http/error.h"
#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// The name of the type; "" if `text` is no media type.
std::string NameOf(std::string_view text) {
  const std::optional<MediaType> type = ParseMediaType(text);
  return type ? type->name : "";
}

TEST(MediaTypeTest, TypeAndSubtypeIgnoreCase) {
  EXPECT_EQ(NameOf("application/json"), "application/json");
  EXPECT_EQ(NameOf("Application/JSON"), "application/json");
  EXPECT_EQ(NameOf("image/SVG+xml"), "image/svg+xml");
}

TEST(MediaTypeTest, SurroundingWhitespaceIsIgnored) {
  EXPECT_EQ(NameOf(" \tapplication/json\t "), "application/json");
  EXPECT_EQ(NameOf("application/json ; charset=utf-8"), "application/json");
}

TEST(MediaTypeTest, RejectsTextWithoutTypeAndSubtype) {
  for (const std::string_view text :
       {"", " ", "json", "application", "application/", "/json", ";a=b",
        ";application/json", "application /json", "application/ json",
        "application/json text/plain", "application/json, text/plain",
        "application/json/x", "\"application/json\"",
        "application/j\xC3\xA9"}) {
    EXPECT_EQ(ParseMediaType(text), std::nullopt) << text;
  }
}

TEST(MediaTypeTest, ReadsParameters) {
  const auto type =
      ParseMediaType("text/html;Charset=UTF-8 ;\tLevel=1;;level=2;");
  ASSERT_TRUE(type.has_value());
  EXPECT_THAT(type->parameters,
              ElementsAre(Pair("charset", "UTF-8"), Pair("level", "1"),
                          Pair("level", "2")));
}

TEST(MediaTypeTest, ReadsQuotedStrings) {
  const auto type =
      ParseMediaType(R"(multipart/mixed; boundary="a; \"b\\c\""; x="")");
  ASSERT_TRUE(type.has_value());
  EXPECT_EQ(type->name, "multipart/mixed");
  EXPECT_THAT(type->parameters,
              ElementsAre(Pair("boundary", R"(a; "b\c")"), Pair("x", "")));
}

TEST(MediaTypeTest, AMalformedParameterEndsTheListOnly) {
  for (const std::string_view text :
       {"a/b;c=d;charset", "a/b;c=d;=x;e=f", "a/b;c=d;e= f", "a/b;c=d;e =f",
        R"(a/b;c=d;e="f)", R"(a/b;c=d;e="f\)", "a/b;c=d;e=;g=h"}) {
    const auto type = ParseMediaType(text);
    ASSERT_TRUE(type.has_value()) << text;
    EXPECT_EQ(type->name, "a/b") << text;
    EXPECT_THAT(type->parameters, ElementsAre(Pair("c", "d"))) << text;
  }
  EXPECT_THAT(ParseMediaType("a/b;")->parameters, IsEmpty());
}

TEST(HasContentTypeTest, ComparesTheTypeWithoutItsParameters) {
  Request request;
  EXPECT_FALSE(HasContentType(request, kJsonMediaType));
  request.headers = {{"content-type", "Application/JSON; charset=utf-8"}};
  EXPECT_TRUE(HasContentType(request, kJsonMediaType));
  EXPECT_FALSE(HasContentType(request, kFormMediaType));
  // A type in a quoted parameter is not the type of the body.
  request.headers = {{"Content-Type", R"(text/plain; x="; application/json")"}};
  EXPECT_FALSE(HasContentType(request, kJsonMediaType));
}

TEST(PrefersTest, ComparesTheQualitiesOfTheNamedTypes) {
  const auto prefers = [](std::string_view accept) {
    Request request;
    request.headers = {{"accept", accept}};
    return Prefers(request, "text/event-stream", kJsonMediaType);
  };
  for (const std::string_view accept :
       {"text/event-stream", "Text/Event-Stream; charset=utf-8",
        "text/event-stream, */*", "text/event-stream;q=0.1",
        "application/json;q=0.5, text/event-stream;q=0.6",
        "application/json;q=x, text/event-stream",
        "text/html,,text/event-stream"}) {
    EXPECT_TRUE(prefers(accept)) << accept;
  }
  for (const std::string_view accept :
       {"", "*/*", "text/*", "application/json", "text/event-stream;q=0",
        "text/event-stream;q=2", "application/json, text/event-stream",
        "text/event-stream;q=0.9, application/json", "text/event-streams",
        R"(text/plain; x="text/event-stream")"}) {
    EXPECT_FALSE(prefers(accept)) << accept;
  }
  Request request;
  EXPECT_FALSE(Prefers(request, "text/event-stream", kJsonMediaType));
  request.headers = {{"Accept", "text/html"}, {"Accept", "text/event-stream"}};
  EXPECT_TRUE(Prefers(request, "text/event-stream", kJsonMediaType));
}

TEST(UnsupportedMediaTypeTest, QuotesTheTypeAndNamesTheExpectedOne) {
  Request request;
  request.headers = {{"Content-Type", "text/plain"}};
  const Error error = UnsupportedMediaType(request, "application/json");
  EXPECT_EQ(error.kind, ErrorKind::kUnsupportedMediaType);
  EXPECT_EQ(error.details,
            "the Content-Type is \"text/plain\"; send application/json");
}

}  // namespace
}  // namespace tallyman::api
