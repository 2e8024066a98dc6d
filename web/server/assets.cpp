#include "web/server/assets.h"

#include <algorithm>

#include "web/server/call.h"

namespace rowhook {
namespace {

constexpr std::string_view index_path = "/index.html", nonce_mark = "{{nonce}}";

// Everything comes from here; no script but our files, no eval, no plugin, no frame around it. Style sheets
// that the editor makes carry the nonce.
std::string content_security_policy(std::string_view nonce) {
  return "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + std::string(nonce) +
         "'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri "
         "'none'; "
         "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
}

std::string new_nonce(const Random& random) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(random()),
                static_cast<unsigned long long>(random()));
  return text.data();
}

const PageFile* find_file(std::string_view path) {
  const auto files = page_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const PageFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

// Whether Accept-Encoding takes `coding`; a quality of zero refuses it.
bool accepts(std::string_view header, std::string_view coding) {
  while (!header.empty()) {
    const auto end = header.find(',');
    std::string_view each = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
    while (each.starts_with(' ')) each.remove_prefix(1);
    const auto semicolon = each.find(';');
    std::string_view name = each.substr(0, semicolon);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name != coding) continue;
    const std::string_view quality =
        semicolon == std::string_view::npos ? std::string_view() : each.substr(semicolon);
    return quality.find("q=0") == std::string_view::npos ||
           quality.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

ApiResponse with_security(ApiResponse response, std::string_view nonce) {
  return std::move(response)
      .with("Content-Security-Policy", content_security_policy(nonce))
      .with("X-Content-Type-Options", "nosniff")
      .with("X-Frame-Options", "DENY")
      .with("Cross-Origin-Resource-Policy", "same-origin")
      .with("Cross-Origin-Opener-Policy", "same-origin")
      .with("Referrer-Policy", "no-referrer")
      .with("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

ApiResponse file_response(const PageFile& file, const ApiRequest& request) {
  const std::string_view taken = request.header("accept-encoding");
  std::string_view coding, body = file.plain;
  if (!file.brotli.empty() && accepts(taken, "br")) {
    coding = "br";
    body = file.brotli;
  } else if (!file.gzip.empty() && accepts(taken, "gzip")) {
    coding = "gzip";
    body = file.gzip;
  }
  ApiResponse response{200, {}, std::string(file.content_type), std::string(body)};
  if (!coding.empty()) response.headers.emplace_back("Content-Encoding", coding);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back(
      "ETag", "\"" + std::string(file.tag) + (coding.empty() ? "" : "-" + std::string(coding)) + "\"");
  response.headers.emplace_back("Cache-Control",
                                file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  return with_security(std::move(response), "");
}

ApiResponse index_response(const Random& random) {
  const PageFile* file = find_file(index_path);
  const std::string nonce = new_nonce(random);
  std::string text(file->plain);
  if (const auto at = text.find(nonce_mark); at != std::string::npos)
    text.replace(at, nonce_mark.size(), nonce);
  ApiResponse response{200, {}, "text/html; charset=utf-8", std::move(text)};
  response.headers.emplace_back("Cache-Control", "no-store");  // the nonce is good for one answer
  return with_security(std::move(response), nonce);
}

ApiResponse missing_response() {
  return with_security(
      ApiResponse{200,
                  {},
                  "text/plain; charset=utf-8",
                  "This rowhook was built without its page: " + std::string(page_missing_because()) +
                      "\nThe API is under /api/v1, the command line does everything that the page does.\n"},
      "");
}

ApiResponse serve_page(Call& call) { return page_response(call.request, call.api.services.random); }

}  // namespace

const Route& page_route() {
  static constexpr Route route{.name = "page.show",
                               .method = HttpMethod::get,
                               .pattern = "/{path}",
                               .role = Role::nobody,
                               .handler = serve_page,
                               .summary = "The page"};
  return route;
}

bool is_page_request(const ApiRequest& request) {
  if (request.method != HttpMethod::get && request.method != HttpMethod::head) return false;
  const std::string_view path = request.path();
  return path.starts_with('/') && path != "/api" && !path.starts_with("/api/");
}

ApiResponse page_response(const ApiRequest& request, const Random& random) {
  const std::string_view path = request.path();
  if (page_files().empty()) return missing_response();
  if (const PageFile* file = find_file(path); file && path != index_path)
    return file_response(*file, request);
  // A file that is not there is an error, a deep link is the page: screens have no dots in their first
  // segment.
  if (path.starts_with("/assets/"))
    throw HttpError(404, "not-found", "there is nothing at " + std::string(path.substr(0, 255)));
  return index_response(random);
}

}  // namespace rowhook
