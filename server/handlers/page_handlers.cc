#include "server/handlers/page_handlers.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/content_coding.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "platform/base/text.h"
#include "server/handlers/shared_document.h"
#include "server/page/page_assets.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kAssetsPath = "/assets/";
constexpr std::string_view kDocumentCaching = "no-cache";
constexpr std::string_view kAssetCaching =
    "public, max-age=31536000, immutable";

constexpr std::string_view kPolicyName = "Content-Security-Policy";
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";
constexpr std::string_view kReferrerName = "Referrer-Policy";
constexpr std::string_view kReferrer = "no-referrer";
constexpr std::string_view kOpenerName = "Cross-Origin-Opener-Policy";
constexpr std::string_view kResourceName = "Cross-Origin-Resource-Policy";
constexpr std::string_view kSameOrigin = "same-origin";
constexpr std::string_view kVaryName = "Vary";
constexpr std::string_view kVary = "Accept-Encoding";
constexpr std::string_view kEncodingName = "Content-Encoding";
constexpr std::string_view kGzip = "gzip";

constexpr api::Tag kTag = {"Page", "The page for people, and its files."};

constexpr api::Parameter kAcceptEncoding = {
    .name = kVary,
    .schema = api::String("The answer is compressed if this "
                          "accepts gzip.",
                          kGzip)};
constexpr const api::Parameter* kHeaders[] = {&api::kIfNoneMatchParameter,
                                              &kAcceptEncoding};
constexpr api::Parameter kNameParameter = {
    .name = "name",
    .schema = api::String("As the page names it: it changes with the content.",
                          "main-3fq2k7xw5a.js")};
constexpr const api::Parameter* kPathParameters[] = {&kNameParameter};

constexpr api::Header kPolicyHeader = {
    .name = kPolicyName,
    .schema = api::String("Scripts, sheets and data only from this server.",
                          kPolicy)};
constexpr api::Header kReferrerHeader = {
    .name = kReferrerName,
    .schema =
        api::String("Links do not tell where they come from.", kReferrer)};
constexpr api::Header kOpenerHeader = {
    .name = kOpenerName,
    .schema = api::String(
        "No page of another origin gets a handle of this one.", kSameOrigin)};
constexpr api::Header kResourceHeader = {
    .name = kResourceName,
    .schema =
        api::String("No page of another origin may load it.", kSameOrigin)};
constexpr api::Header kVaryHeader = {
    .name = kVaryName,
    .schema =
        api::String("The request's header that the answer depends on.", kVary)};
constexpr api::Header kEncodingHeader = {
    .name = kEncodingName,
    .schema = api::String("How the body is compressed.", kGzip),
    .is_required = false};
constexpr const api::Header* kAnswerHeaders[] = {
    &api::kEtagHeader, &kPolicyHeader, &kReferrerHeader, &kOpenerHeader,
    &kResourceHeader,  &kVaryHeader,   &kEncodingHeader};
constexpr const api::Header* kUnchangedHeaders[] = {&api::kEtagHeader,
                                                    &kVaryHeader};

constexpr api::Schema kDocument =
    api::String("A page in HTML.", "<!doctype html>\n<html lang=\"en\">...");
constexpr api::Schema kFile = api::String("A file of the page.", "...");
constexpr api::Content kDocumentContents[] = {
    {.media_type = "text/html", .schema = &kDocument}};
constexpr api::Content kAssetContents[] = {
    {.media_type = "text/javascript", .schema = &kFile},
    {.media_type = "text/css", .schema = &kFile},
    {.media_type = "image/svg+xml", .schema = &kFile}};

constexpr api::Answer kUnchanged = {
    .status = 304,
    .description = "The client has the current one.",
    .headers = kUnchangedHeaders};
constexpr api::Answer kDocumentAnswers[] = {{.description = "The page.",
                                             .contents = kDocumentContents,
                                             .headers = kAnswerHeaders},
                                            kUnchanged};
constexpr api::Answer kAssetAnswers[] = {{.description = "The file.",
                                          .contents = kAssetContents,
                                          .headers = kAnswerHeaders},
                                         kUnchanged};

constexpr api::Operation kGetPage = {
    .id = "getPage",
    .method = "GET",
    .path = "/",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Shows processes and stacks to people",
    .headers = kHeaders,
    .answers = kDocumentAnswers,
};
constexpr api::Operation kGetPageAsset = {
    .id = "getPageAsset",
    .method = "GET",
    .path = "/assets/{name}",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "A script, sheet or picture of the page",
    .path_parameters = kPathParameters,
    .headers = kHeaders,
    .answers = kAssetAnswers,
};

// A file of the page, as it is or compressed. `hash` is that of this form.
SharedDocument DocumentOf(const PageAsset& asset, std::string_view caching,
                          std::string_view body, std::string_view hash) {
  return {.content_type = std::string(asset.media_type),
          .cache_control = caching,
          .headers = {{kPolicyName, std::string(kPolicy)},
                      {kReferrerName, std::string(kReferrer)},
                      {kOpenerName, std::string(kSameOrigin)},
                      {kResourceName, std::string(kSameOrigin)}},
          .body = std::make_shared<const std::string>(body),
          .etag = absl::StrCat("\"", hash, "\"")};
}

// Answers requests for one file.
class Page {
 public:
  Page(const PageAsset& asset, std::string_view caching)
      : plain_(DocumentOf(asset, caching, asset.body, asset.hash)),
        gzip_(DocumentOf(asset, caching, asset.gzip_body,
                         absl::StrCat(asset.hash, "-", kGzip))) {
    gzip_.headers.insert(gzip_.headers.begin(),
                         {kEncodingName, std::string(kGzip)});
  }

  api::Response Answer(const api::Request& request) const {
    api::Response response =
        (api::PrefersGzip(request) ? gzip_ : plain_).Answer(request);
    response.AddHeader(kVaryName, std::string(kVary));
    return response;
  }

 private:
  SharedDocument plain_;
  SharedDocument gzip_;
};

}  // namespace

void AddPageRoutes(absl::Span<const PageAsset> assets, Router& router) {
  std::shared_ptr<const Page> document;
  // By name.
  auto files = std::make_shared<
      std::map<std::string, std::shared_ptr<const Page>, std::less<>>>();
  for (const PageAsset& asset : assets) {
    std::string_view path = asset.path;
    if (path == "/") {
      document = std::make_shared<const Page>(asset, kDocumentCaching);
    } else {
      CHECK(absl::ConsumePrefix(&path, kAssetsPath)) << path;
      files->try_emplace(std::string(path),
                         std::make_shared<const Page>(asset, kAssetCaching));
    }
  }
  CHECK(document != nullptr);
  router.Add(
      kGetPage,
      [document](const RequestContext& context) -> HandlerResult {
        return document->Answer(context.request);
      },
      /*is_fast=*/true);
  router.Add(
      kGetPageAsset,
      [files](const RequestContext& context) -> HandlerResult {
        const std::string& name = context.path_params[0];
        const auto found = files->find(name);
        if (found == files->end()) {
          return api::Error{
              api::ErrorKind::kNotFound,
              absl::StrCat("the page of this version has no file ",
                           base::Quote(name), "; load the page again")};
        }
        return found->second->Answer(context.request);
      },
      /*is_fast=*/true);
}

}  // namespace tallyman::server
