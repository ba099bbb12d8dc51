// Finds the resource that a path names, and what its methods need and do.
//
//   Router router;
//   router.Add("/server/processes", Family::kHost,
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

// Which of the two contracts a resource follows: the form of its errors and
// whether pages of other origins may read it.
enum class ApiFamily { kHost, kStacks };

// What a handler gets.
struct RequestContext {
  const api::Request& request;
  // What stood in the place of each {name} of the pattern, decoded, in order.
  const std::vector<std::string>& path_params;
  api::Mount mount;
  // The name of the request's token; "" where none is needed.
  std::string_view user = {};
};

// An answer, or what went wrong; errors are written in the form of the family,
// in one place.
using HandlerResult = std::variant<api::Response, api::Error>;

using Handler = std::function<HandlerResult(const RequestContext&)>;

// One method of a resource.
struct Endpoint {
  // The scope that a token must have; nullopt: needs no token.
  std::optional<auth::Scope> scope;
  Handler handler;
};

// By method. HEAD goes with GET and needs no entry of its own.
using Endpoints = std::map<std::string, Endpoint, std::less<>>;

struct Resource {
  ApiFamily family;
  Endpoints endpoints;

  // The endpoint of `method`; null if the resource does not know it.
  const Endpoint* Find(std::string_view method) const;

  // The value of the Allow header: "GET, HEAD, OPTIONS".
  std::string Allow() const;
};

struct RouteMatch {
  const Resource* resource;
  std::vector<std::string> path_params;
  api::Mount mount;
};

// The table of routes. Filled at start, read by any number of threads then.
class Router {
 public:
  // `pattern` is a path; a segment {name} stands for any text that is not
  // empty. Resources of the stacks family are there below /api/3 as well, and
  // each of their paths with and without a final ".json".
  void Add(std::string_view pattern, ApiFamily family, Endpoints endpoints);

  // The resource at `path`, which is percent-encoded, with or without a slash
  // at its end. Of two patterns that match, the one added first counts.
  std::optional<RouteMatch> Match(std::string_view path) const;

 private:
  struct Route {
    std::vector<std::string> segments;
    api::Mount mount;
    std::shared_ptr<const Resource> resource;
  };
  std::vector<Route> routes_;
};

// The family whose error form an unknown path gets.
ApiFamily ApiFamilyOfPath(std::string_view path);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_ROUTER_H_
