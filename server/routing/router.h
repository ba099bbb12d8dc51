// The table of routes: from a path to its resource, and from a method to the
// scope that it needs and its handler.
//
//   Router router;
//   router.Add("/server/processes", ApiFamily::kHost,
//              {{"GET", {.scope = auth::Scope::kPublic, .handler = ...}}});
//   std::optional<RouteMatch> match = router.Match("/server/processes");

#ifndef TALLYMAN_SERVER_ROUTING_ROUTER_H_
#define TALLYMAN_SERVER_ROUTING_ROUTER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/error.h"
#include "api/http/http.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"

namespace tallyman::server {

// The two contracts of this API. They differ in the format of errors, in the
// ways to send a token, and in CORS.
enum class ApiFamily {
  kHost,    // /server/...: the processes of this machine.
  kStacks,  // Everything else, also below /api/3.
};

// The input of a handler; valid during the call.
struct RequestContext {
  const api::Request& request;
  // The values of the {name}s of the pattern, decoded, in order.
  const std::vector<std::string>& path_params;
  api::Mount mount;
  // The name of the token; "" if the endpoint needs none.
  std::string_view user = {};
};

// A response, or an error, which the dispatcher renders in the format of the
// family.
using HandlerResult = std::variant<api::Response, api::Error>;

using Handler = std::function<HandlerResult(const RequestContext&)>;

// One method of a resource.
struct Endpoint {
  // The scope that a token must have; nullopt: needs no token.
  std::optional<auth::Scope> scope;
  Handler handler;
  // The handler takes microseconds and never blocks: it runs on the thread that
  // waits for all connections.
  bool is_fast = false;
};

// By method. GET includes HEAD.
using Endpoints = std::map<std::string, Endpoint, std::less<>>;

struct Resource {
  ApiFamily family;
  Endpoints endpoints;

  // The endpoint of `method`; null if the resource has none.
  const Endpoint* Find(std::string_view method) const;

  // The value of the Allow header: "GET, HEAD, OPTIONS".
  std::string Allow() const;
};

struct RouteMatch {
  const Resource* resource;
  std::vector<std::string> path_params;
  api::Mount mount;
};

// Fill it at start. Match() is thread-safe from then on.
class Router {
 public:
  // `pattern` is a path; a segment {name} matches any text except "". Resources
  // of the stacks family are also mounted below /api/3, and their paths may end
  // in ".json".
  void Add(std::string_view pattern, ApiFamily family, Endpoints endpoints);

  // The resource at `path`, which is percent-encoded and may end in a slash. If
  // several patterns match, the one added first wins. nullopt if none matches.
  // The resource lives as long as the router.
  std::optional<RouteMatch> Match(std::string_view path) const;

 private:
  struct Route {
    std::vector<std::string> segments;
    api::Mount mount;
    std::shared_ptr<const Resource> resource;
  };
  std::vector<Route> routes_;
};

// The family of a path that no resource has, for the format of its error.
ApiFamily ApiFamilyOfPath(std::string_view path);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_ROUTER_H_
