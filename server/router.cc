#include "server/router.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/params.h"
#include "api/stacks_envelope.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kJsonSuffix = ".json";

// "/a/b/" as {"a", "b"}; still encoded, so that an encoded slash does not
// divide.
std::vector<std::string> Segments(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return {};
  return absl::StrSplit(path, '/');
}

bool IsParam(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// Whether `path` matches `pattern`. `last` stands for the last segment of
// `path`.
bool Matches(const std::vector<std::string>& pattern,
             const std::vector<std::string>& path, std::string_view last) {
  if (pattern.size() != path.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view segment = i + 1 == path.size() ? last : path[i];
    if (IsParam(pattern[i]) ? segment.empty() : pattern[i] != segment) {
      return false;
    }
  }
  return true;
}

// What the {name}s of `pattern` stand for in `path`, which matches it. Of the
// last segment the first `last_size` bytes count.
std::vector<std::string> ParamsOf(const std::vector<std::string>& pattern,
                                  std::vector<std::string> path,
                                  size_t last_size) {
  if (!path.empty()) path.back().resize(last_size);
  std::vector<std::string> params;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (IsParam(pattern[i])) params.push_back(std::move(path[i]));
  }
  return params;
}

}  // namespace

const Endpoint* Resource::Find(std::string_view method) const {
  const auto endpoint = endpoints.find(method == "HEAD" ? "GET" : method);
  return endpoint == endpoints.end() ? nullptr : &endpoint->second;
}

std::string Resource::Allow() const {
  std::string allow;
  for (const auto& [method, endpoint] : endpoints) {
    absl::StrAppend(&allow, method, ", ");
    if (method == "GET") absl::StrAppend(&allow, "HEAD, ");
  }
  return absl::StrCat(allow, "OPTIONS");
}

void Router::Add(std::string_view pattern, Family family, Endpoints endpoints) {
  const auto resource =
      std::make_shared<const Resource>(Resource{family, std::move(endpoints)});
  routes_.push_back({Segments(pattern), api::Mount::kPlain, resource});
  if (family == Family::kStacks) {
    routes_.push_back({Segments(absl::StrCat("/api/3", pattern)),
                       api::Mount::kApi3, resource});
  }
}

std::optional<RouteMatch> Router::Match(std::string_view path) const {
  std::vector<std::string> segments = Segments(path);
  for (std::string& segment : segments) segment = api::DecodePercent(segment);
  const std::string_view last =
      segments.empty() ? std::string_view() : segments.back();
  std::string_view bare = last;
  if (bare.ends_with(kJsonSuffix)) bare.remove_suffix(kJsonSuffix.size());
  for (const Route& route : routes_) {
    const std::string_view wanted =
        route.resource->family == Family::kStacks ? bare : last;
    if (Matches(route.segments, segments, wanted)) {
      const size_t size = wanted.size();
      return RouteMatch{route.resource.get(),
                        ParamsOf(route.segments, std::move(segments), size),
                        route.mount};
    }
  }
  return std::nullopt;
}

Family FamilyOfPath(std::string_view path) {
  return path == "/server" || path.starts_with("/server/") ? Family::kHost
                                                           : Family::kStacks;
}

}  // namespace tallyman::server
