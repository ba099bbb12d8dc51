#include "server/routing/dispatcher.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/http/body_stream.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/http/request_handler.h"
#include "server/routing/dispatcher_fixture.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

TEST_F(DispatcherTest, TakesTheTokenFromTheHeaderOrTheQuery) {
  const std::string token = NewToken(auth::Scope::kPublic);
  EXPECT_EQ(Ask("GET", "/server/processes", token).status, 200);
  EXPECT_EQ(Ask("GET", "/server/processes?token=" + token).status, 200);
  EXPECT_EQ(Ask("HEAD", "/server/processes", token).status, 200);
}

TEST_F(DispatcherTest, TheStacksFamilyTakesNoTokenFromTheQuery) {
  const std::string token = NewToken(auth::Scope::kAdmin);
  EXPECT_EQ(Ask("GET", "/tokens", token).status, 200);
  EXPECT_EQ(Ask("GET", "/tokens?token=" + token).status, 401);
}

TEST_F(DispatcherTest, AMissingTokenIs401InTheFormatOfTheFamily) {
  const api::Response host = Ask("GET", "/server/processes");
  EXPECT_EQ(host.status, 401);
  EXPECT_EQ(HeaderOf(host, "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(HeaderOf(host, "X-RateLimit-Limit"), "");
  const Json envelope = Json::parse(host.body);
  EXPECT_EQ(envelope["status_code"], 401);
  EXPECT_EQ(envelope["data"], Json::array());
  EXPECT_THAT(envelope["status_desc"].get<std::string>(), HasSubstr("token="));

  const api::Response stacks = Ask("GET", "/tokens");
  EXPECT_EQ(stacks.status, 401);
  EXPECT_EQ(HeaderOf(stacks, "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(Json::parse(stacks.body)["error"], "unauthenticated");
}

TEST_F(DispatcherTest, TheWrongScopeIs403AndCounts) {
  const std::string token = NewToken(auth::Scope::kPublic);
  const api::Response response = Ask("GET", "/tokens", token);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(HeaderOf(response, "X-RateLimit-Remaining"), "3599");
  EXPECT_THAT(response.body, HasSubstr("admin"));
}

TEST_F(DispatcherTest, PastTheLimitIs429) {
  const std::string token = NewToken(auth::Scope::kPublic, 2);
  const api::Response first = Ask("GET", "/server/processes", token);
  EXPECT_EQ(HeaderOf(first, "X-RateLimit-Limit"), "2");
  EXPECT_EQ(HeaderOf(first, "X-RateLimit-Remaining"), "1");
  EXPECT_EQ(Ask("GET", "/server/processes?fail", token).status, 400);
  const api::Response refused = Ask("GET", "/server/processes", token);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(HeaderOf(refused, "X-RateLimit-Remaining"), "0");
  EXPECT_NE(HeaderOf(refused, "Retry-After"), "");
  EXPECT_EQ(Json::parse(refused.body)["status_code"], 429);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Ask("GET", "/server/processes", token).status, 200);
}

TEST_F(DispatcherTest, ErrorsCarryRateLimitHeaders) {
  const std::string token = NewToken(auth::Scope::kPublic);
  for (const std::string_view target :
       {"/server/processes?fail", "/server/nothing", "/nothing"}) {
    const api::Response response = Ask("GET", target, token);
    EXPECT_GE(response.status, 400) << target;
    EXPECT_NE(HeaderOf(response, "X-RateLimit-Remaining"), "") << target;
  }
  const api::Response method = Ask("POST", "/server/processes", token);
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(HeaderOf(method, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_NE(HeaderOf(method, "X-RateLimit-Remaining"), "");
}

TEST_F(DispatcherTest, AnUnknownParameterIs400InTheFormatOfTheFamily) {
  const std::string token = NewToken(auth::Scope::kAdmin);
  const api::Response host = Ask("GET", "/server/processes?fial=1", token);
  EXPECT_EQ(host.status, 400);
  EXPECT_EQ(Json::parse(host.body)["status_desc"],
            "unknown parameter \"fial\"; the nearest is \"fail\"; parameters "
            "are fail, token");
  EXPECT_NE(HeaderOf(host, "X-RateLimit-Remaining"), "");
  const api::Response stacks = Ask("HEAD", "/api/3/tokens?token=1", token);
  EXPECT_EQ(stacks.status, 400);
  EXPECT_EQ(Json::parse(stacks.body)["details"],
            "unknown parameter \"token\"; the nearest is \"fail\"; parameters "
            "are fail");
  EXPECT_EQ(Ask("GET", "/healthz?x", token).status, 400);
  // The checks before this one win.
  EXPECT_EQ(Ask("GET", "/server/processes?x").status, 401);
  EXPECT_EQ(Ask("GET", "/tokens?x", NewToken(auth::Scope::kPublic)).status,
            403);
  EXPECT_EQ(Ask("POST", "/tokens?x", token).status, 405);
  EXPECT_EQ(Ask("OPTIONS", "/server/processes?x").status, 200);
}

TEST_F(DispatcherTest, AnUnknownPathIs404InTheFormatOfTheFamily) {
  const api::Response host = Ask("GET", "/server/nothing");
  EXPECT_EQ(host.status, 404);
  EXPECT_THAT(Json::parse(host.body)["status_desc"].get<std::string>(),
              HasSubstr("\"/server/nothing\""));
  EXPECT_EQ(HeaderOf(host, "Access-Control-Allow-Origin"), "*");
  const api::Response stacks = Ask("GET", "/nothing");
  EXPECT_EQ(stacks.status, 404);
  EXPECT_EQ(Json::parse(stacks.body)["error"], "not_found");
  EXPECT_EQ(HeaderOf(stacks, "Access-Control-Allow-Origin"), "");
}

TEST_F(DispatcherTest, OptionsNeedsNoToken) {
  const api::Response response = Ask("OPTIONS", "/server/processes");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(HeaderOf(response, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(HeaderOf(response, "Access-Control-Allow-Origin"), "*");
}

TEST_F(DispatcherTest, RepeatedBadTokensAreThrottledButAGoodOneIsNot) {
  const std::string good = NewToken(auth::Scope::kPublic);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask("GET", "/server/processes", "tly_bad").status, 401);
  }
  const api::Response slowed = Ask("GET", "/server/processes", "tly_bad");
  EXPECT_EQ(slowed.status, 429);
  EXPECT_EQ(HeaderOf(slowed, "Retry-After"), "1");
  EXPECT_EQ(Ask("GET", "/server/processes", good).status, 200);
  EXPECT_EQ(Ask("GET", "/server/processes").status, 401);  // None is not bad.
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Ask("GET", "/server/processes", "tly_bad").status, 401);
}

TEST_F(DispatcherTest, BadTokensAreThrottledOnUnknownPathsToo) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask("GET", "/nothing", "tly_bad").status, 404);
  }
  EXPECT_EQ(Ask("GET", "/nothing", "tly_bad").status, 429);
  EXPECT_EQ(Ask("GET", "/nothing").status, 404);
}

TEST_F(DispatcherTest, ErrorsOfTheTransportAreRenderedLikeAllOthers) {
  const std::string token = NewToken(auth::Scope::kPublic);
  const std::string bearer = absl::StrCat("Bearer ", token);
  api::Request request;
  request.method = "GET";
  request.path = "/server/processes";
  request.headers = {{"Authorization", bearer}};
  const api::Response late = dispatcher_->Reject(
      request, {.kind = api::ErrorKind::kRequestTimeout, .details = "late"});
  EXPECT_EQ(late.status, 408);
  EXPECT_EQ(HeaderOf(late, "X-RateLimit-Remaining"), "3599");
  EXPECT_THAT(late.body, HasSubstr("status_code"));
  request.path = "/nothing";
  EXPECT_THAT(dispatcher_
                  ->Reject(request, {.kind = api::ErrorKind::kRequestTimeout,
                                     .details = "late"})
                  .body,
              HasSubstr("request_timeout"));
}

TEST_F(DispatcherTest, AnAdmittedRequestThatIsRejectedCountsOnce) {
  const std::string bearer =
      absl::StrCat("Bearer ", NewToken(auth::Scope::kPublic));
  api::Request request;
  request.method = "GET";
  request.path = "/server/processes";
  request.headers = {{"Authorization", bearer}};
  const auto admission = dispatcher_->Admit(request);
  const auto* const call =
      std::get_if<std::unique_ptr<RequestHandler::Call>>(&admission);
  ASSERT_NE(call, nullptr);
  const api::Response response = (*call)->Reject(
      request,
      {.kind = api::ErrorKind::kRequestTimeout, .details = "too late"});
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(HeaderOf(response, "X-RateLimit-Remaining"), "3599");
  EXPECT_EQ(HeaderOf(response, "Cache-Control"), "no-store");
  EXPECT_EQ(Json::parse(response.body)["status_code"], 408);
}

TEST_F(DispatcherTest, ALongPathIsCutInAnError) {
  const std::string path = absl::StrCat("/x\"\n", std::string(5000, 'y'));
  const api::Response response = Ask("GET", path);
  EXPECT_EQ(response.status, 404);
  EXPECT_LT(response.body.size(), 600u);
  EXPECT_THAT(response.body, HasSubstr("has the address"));
}

TEST_F(DispatcherTest, ExpiryAndRevocationAre401) {
  auto made = tokens_->Create({.name = "short",
                               .scopes = auth::Scope::kPublic,
                               .expires_at = clock_.Now() + absl::Hours(2)});
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string token(made->value.Reveal());
  EXPECT_EQ(Ask("GET", "/server/processes", token).status, 200);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Ask("GET", "/server/processes", token).status, 401);

  const std::string revoked = NewToken(auth::Scope::kPublic);
  EXPECT_EQ(Ask("GET", "/server/processes", revoked).status, 200);
  const auto found = tokens_->Revoke(2);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(Ask("GET", "/server/processes", revoked).status, 401);
}

// Has a byte at each read.
class EndlessStream final : public api::BodyStream {
 public:
  void Start(std::function<void()> wake) override { wake(); }
  State Read(size_t /*max_bytes*/, std::string& out) override {
    out += 'x';
    return State::kOpen;
  }
};

TEST_F(DispatcherTest, ExpiryAndRevocationEndAStream) {
  static constexpr api::Operation kStream = {
      .method = "GET", .path = "/stream", .scope = auth::Scope::kPublic};
  router_.Add(kStream, [](const RequestContext&) -> HandlerResult {
    api::Response response;
    response.stream = std::make_unique<EndlessStream>();
    return response;
  });
  const auto made =
      tokens_->Create({.name = "stream",
                       .scopes = auth::Scope::kPublic,
                       .expires_at = clock_.Now() + absl::Hours(1)});
  ASSERT_TRUE(made.ok()) << made.status();
  const api::Response revoked =
      Ask("GET", "/stream", NewToken(auth::Scope::kPublic));
  const api::Response expiring = Ask("GET", "/stream", made->value.Reveal());
  EXPECT_EQ(HeaderOf(revoked, "Cache-Control"), "no-store");
  std::string out;
  EXPECT_EQ(revoked.stream->Read(9, out), api::BodyStream::State::kOpen);
  EXPECT_EQ(out, "x");
  ASSERT_TRUE(tokens_->Revoke(2).ok());
  EXPECT_EQ(revoked.stream->Read(9, out), api::BodyStream::State::kEnd);
  EXPECT_EQ(out, "x");
  EXPECT_EQ(expiring.stream->Read(9, out), api::BodyStream::State::kOpen);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(expiring.stream->Read(9, out), api::BodyStream::State::kEnd);
  EXPECT_EQ(out, "xx");
}

TEST_F(DispatcherTest, AnEndpointWithoutScopeNeedsNoToken) {
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
}

}  // namespace
}  // namespace tallyman::server
