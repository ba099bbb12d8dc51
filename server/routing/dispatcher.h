// Turns a request into a response. The checks run in this order, and the first
// that fails makes the response:
//
//   0. host       the Host header has a name that is served, else 421
//   1. route      the path names a resource, else 404
//   2. OPTIONS    is answered here: 200 with Allow and, in the host family, the
//                 headers of a CORS preflight; needs no token
//   3. method     the resource has it, else 405 with Allow
//   4. token      it, or the session that stands in for it, is valid, else 401;
//                 an address that sends too many bad ones gets 429 instead
//   5. quota      the token has requests left, else 429; the request counts
//   6. scope      the token has the scope of the operation, else 403
//   7. query      the operation has each of its parameters, else 400
//   8. handler    reads the parameters, which may be 400, 404, 409, ...
//
// All but the last need no body. An operation without a scope skips 4 to 6.
// Errors of 1 and 3 need no token, but a token that comes with the request is
// checked and counted (4 and 5), so that its rate-limit headers are right and
// bad tokens are throttled there too.
//
// Every response then gets the headers that all responses carry, is counted,
// and has a line in the log. A streamed body ends when its token or session
// becomes invalid.

#ifndef TALLYMAN_SERVER_ROUTING_DISPATCHER_H_
#define TALLYMAN_SERVER_ROUTING_DISPATCHER_H_

#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/redaction/redaction.h"
#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/rate_limiter.h"
#include "auth/token.h"
#include "server/access/client_address.h"
#include "server/access/host_check.h"
#include "server/http/request_handler.h"
#include "server/log/log.h"
#include "server/log/request_log.h"
#include "server/metrics/request_metrics.h"
#include "server/routing/cors.h"
#include "server/routing/router.h"
#include "server/routing/session_cookie.h"

namespace tallyman::server {

// Thread-safe; so must be the objects in Parts, which must outlive it.
class Dispatcher : public RequestHandler {
 public:
  struct Parts {
    const Router& router;
    const auth::Authenticator& authenticator;
    auth::RateLimiter& limiter;
    auth::AuthFailureLimiter& failures;
    const CorsPolicy& cors;
    const api::Redactor& redactor;
    const Log* log;     // Null: nothing is logged.
    bool log_requests;  // Each request gets a line; faults do in any case.
    absl::TimeZone zone;
    // Whose word about the client is taken. Null: nobody's.
    const TrustedProxies* proxies = nullptr;
    const HostCheck* hosts = nullptr;  // Null: all hosts are served.
    // Of the sessions that `authenticator` knows. Null: there are none.
    const SessionCookie* session_cookie = nullptr;
    // Of Strict-Transport-Security (RFC 6797), in answers over TLS. Zero: none.
    absl::Duration hsts_max_age = absl::ZeroDuration();
    // Counts requests and streams. Null: nothing is counted.
    RequestMetrics* metrics = nullptr;
    // Measures durations; only Elapsed() is used.
    const auth::Clock& clock = auth::SystemClock();
  };

  explicit Dispatcher(const Parts& parts);

  // Steps 0 to 7; never fails: errors become responses.
  Admission Admit(const api::Request& head) const override;

  // Renders an error for a malformed request in its API family's format. The
  // transport found `error`; `request` holds as much as it could read.
  api::Response Reject(const api::Request& request,
                       api::Error error) const override;

  // All steps, for a request whose body has arrived.
  api::Response Handle(const api::Request& request) const;

 private:
  class EndpointCall;

  // The result of the checks of a token (4 to 6).
  struct Access {
    std::optional<auth::Principal> principal;  // If the token is valid.
    std::optional<auth::RateDecision> rate;    // If the request was counted.
    std::optional<api::Error> refusal;
    absl::Duration retry_after;  // Of a refusal for too many bad tokens.
  };

  // A request on its way.
  struct Exchange {
    std::optional<RouteMatch> match;
    const Endpoint* endpoint;  // Null: none, or not known yet.
    ApiFamily family;
    absl::Duration begin;  // Of the clock's Elapsed().
    std::string user;      // The name of the valid token; "" without one.
    std::string client;    // Its IP address, also behind trusted proxies.
    bool is_https;         // So did the client come to us or to its proxy.
    bool has_forwarding_conflict;  // See ClientAddress::is_contradictory.
    // It presents a session or a half of one, and no token. Then its answer has
    // no headers of CORS: no page of another origin has business with sessions.
    bool has_session = false;
  };

  Exchange Begin(const api::Request& request) const;
  void SetClient(const api::Request& request, Exchange& exchange) const;

  // Steps 0 to 3: the endpoint, or the response if there is none.
  std::variant<const Endpoint*, api::Response> Route(
      const api::Request& request, Exchange& exchange) const;
  // The response for an error of steps 0, 1 and 3, or of the transport.
  api::Response RoutingError(const api::Request& request, Exchange& exchange,
                             api::Error error) const;
  // Who asks, by token or session; sets `access` if that is refused. Sets
  // has_session.
  std::optional<auth::Principal> Identify(const api::Request& request,
                                          Exchange& exchange,
                                          Access& access) const;
  // Steps 4 and 5, and 6 if `needed` is a scope. Sets the user.
  Access CheckAccess(const api::Request& request, Exchange& exchange,
                     std::optional<auth::Scope> needed) const;
  // Step 8.
  api::Response CallEndpoint(const api::Request& request,
                             const Exchange& exchange, const Access& access,
                             const Endpoint& endpoint) const;

  // The whole response for an error after the check of the token.
  api::Response Refuse(const api::Request& request, const Exchange& exchange,
                       const Access& access, const api::Error& error) const;
  // Renders `error` in the format of the family, and logs its reason if the
  // server is at fault.
  api::Response Render(const api::Request& request, const Exchange& exchange,
                       const api::Error& error) const;
  void LogFault(const api::Request& request, const api::Error& error) const;
  static void AddAccessHeaders(const Access& access, api::Response& response);
  // Adds the headers that all responses carry, counts the request and logs it.
  void Finish(const api::Request& request, const Exchange& exchange,
              api::Response& response) const;

  const Parts parts_;
  std::optional<RequestLog> request_log_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_DISPATCHER_H_
