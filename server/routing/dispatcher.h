// From a request to its response: finds the resource, checks the token, its
// limits and its scope, lets the handler answer, adds the headers that every
// answer carries, and logs it.

#ifndef TALLYMAN_SERVER_ROUTING_DISPATCHER_H_
#define TALLYMAN_SERVER_ROUTING_DISPATCHER_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/redaction/redaction.h"
#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/rate_limiter.h"
#include "auth/token.h"
#include "server/log/log.h"
#include "server/log/request_log.h"
#include "server/routing/cors.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Thread-safe, as what it is made of is. All of that must outlive it.
class Dispatcher {
 public:
  struct Parts {
    const Router& router;
    const auth::Authenticator& authenticator;
    auth::RateLimiter& limiter;
    auth::AuthFailureLimiter& failures;
    const CorsPolicy& cors;
    const api::Redactor& redactor;
    const Log* request_log;  // Null: requests are not logged.
    absl::TimeZone zone;
    // Measures durations; only Elapsed() is used.
    const auth::Clock& clock = auth::SystemClock();
  };

  explicit Dispatcher(const Parts& parts);

  // Answers `request`, whatever it is.
  api::Response Handle(const api::Request& request) const;

  // Answers what is no proper request, in the form of the family that it seems
  // to be meant for.
  api::Response Reject(const api::Request& request, api::Error error) const;

 private:
  // What a token is good for in one request.
  struct Access {
    std::optional<auth::Principal> principal;
    std::optional<auth::RateDecision> rate;
    std::optional<api::Error> refusal;
    absl::Duration retry_after;  // Of a refusal for too many bad tokens.
  };

  // Checks the token of `request`; a valid one is counted. `needed` is the
  // scope that it must have, if any.
  Access Check(const api::Request& request, ApiFamily family,
               std::optional<auth::Scope> needed) const;

  // The answer but for what Finish() adds.
  api::Response Answer(const api::Request& request,
                       const std::optional<RouteMatch>& match, ApiFamily family,
                       std::string& user) const;
  api::Response AnswerEndpoint(const api::Request& request,
                               const RouteMatch& match,
                               const Endpoint& endpoint,
                               std::string& user) const;

  // An error of the routing itself: a valid token's limits are told (and
  // counted) here as well.
  api::Response RoutingError(const api::Request& request, ApiFamily family,
                             api::Error error, std::string& user) const;

  api::Response Render(const api::Error& error, ApiFamily family) const;
  static void AddAccessHeaders(const Access& access, api::Response& response);
  // `begin` is of the clock's Elapsed().
  void Finish(const api::Request& request, ApiFamily family,
              absl::Duration begin, const std::string& user,
              api::Response& response) const;

  const Parts parts_;
  std::optional<RequestLog> request_log_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_DISPATCHER_H_
