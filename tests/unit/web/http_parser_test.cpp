#include "web/server/http_parser.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

struct Parsed {
  ApiRequest request;
  bool done = false, keep_alive = false, has_body = false;
  int status = 200;
  std::size_t left = 0;
};

// Feeds `text` in pieces of `step` bytes, as a slow client sends it.
Parsed parse(const std::string& text, std::size_t step = 1 << 20, HttpLimits limits = {}) {
  Parsed out;
  HttpParser parser(limits);
  parser.start(out.request);
  std::string pending;
  try {
    for (std::size_t at = 0; at < text.size() && !parser.done(); at += step) {
      pending += text.substr(at, step);
      for (std::size_t taken = 1; taken > 0 && !pending.empty() && !parser.done();) {
        taken = parser.feed(pending);
        pending.erase(0, taken);
      }
      out.left = pending.size() + (text.size() - std::min(text.size(), at + step));
    }
    out.done = parser.done();
    if (parser.head_done()) {
      out.keep_alive = parser.keep_alive();
      out.has_body = parser.has_body();
    }
  } catch (const HttpError& error) {
    out.status = error.status();
  }
  return out;
}

const std::string post =
    "POST /api/v1/events?x=1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
    "application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}";

TEST(HttpParser, ReadsARequestInWhateverPieces) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{64}, std::size_t{4096}}) {
    const Parsed parsed = parse(post, step);
    EXPECT_TRUE(parsed.done);
    EXPECT_EQ(parsed.request.method, HttpMethod::post);
    EXPECT_EQ(parsed.request.path(), "/api/v1/events");
    EXPECT_EQ(parsed.request.query(), "x=1");
    EXPECT_EQ(parsed.request.header("content-type"), "application/json");
    EXPECT_EQ(parsed.request.body, "{\"a\":1}");
    EXPECT_TRUE(parsed.keep_alive);
  }
}

TEST(HttpParser, StopsBehindTheHeadAndBehindTheRequest) {
  ApiRequest request;
  HttpParser parser({});
  parser.start(request);
  const std::string two = post + post;
  std::size_t at = parser.feed(two);
  EXPECT_TRUE(parser.head_done());
  EXPECT_FALSE(parser.done());
  EXPECT_EQ(request.body, "");
  at += parser.feed(std::string_view(two).substr(at));
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(at, post.size());
  parser.start(request);
  EXPECT_EQ(request.body, "");
  at += parser.feed(std::string_view(two).substr(at));
  at += parser.feed(std::string_view(two).substr(at));
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(at, two.size());
}

TEST(HttpParser, ReadsChunkedBodies) {
  const std::string text =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\n{\"a\r\n4;ext=1\r\n\":1}\r\n0\r\nTrailer: x\r\n\r\nGET";
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{4096}}) {
    const Parsed parsed = parse(text, step);
    EXPECT_TRUE(parsed.done) << step;
    EXPECT_EQ(parsed.request.body, "{\"a\":1}");
    EXPECT_EQ(parsed.left, 3U) << step;
    EXPECT_TRUE(parsed.has_body);
  }
}

TEST(HttpParser, RefusesAmbiguousFraming) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const std::string& fields :
       {std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        std::string("Content-Length: 5\r\nContent-Length: 6\r\n"), std::string("Content-Length: -5\r\n"),
        std::string("Content-Length: +5\r\n"),
        std::string("Content-Length : 5\r\n"), std::string("Content-Length: 99999999999999999999\r\n"),
        std::string("Bad Name: x\r\n"), std::string("X: a\x01z\r\n"), std::string(": x\r\n")})
    EXPECT_EQ(parse(head + fields + "\r\nhello").status, 400) << fields;
  EXPECT_EQ(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(parse("GET  / HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(parse("GET /\r\n\r\n").status, 400);
  EXPECT_EQ(parse("\x16\x03\x01\x02\x01\r\n\r\n\r\n\r\n").status, 400) << "TLS to a plain port";
  EXPECT_EQ(parse("GET example.org HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").status, 400);
}

TEST(HttpParser, TheAuthorityOfAnAbsoluteTargetStandsInForHost) {
  const Parsed parsed = parse("GET http://evil.example/livez?a=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(parsed.request.target, "/livez?a=1");
  EXPECT_EQ(parsed.request.header("host"), "evil.example");
  EXPECT_EQ(parsed.request.headers.count("host"), 1U);
  EXPECT_EQ(parse("GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n").request.target, "/");
}

TEST(HttpParser, BoundsHeadAndBody) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n").status, 431);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a'), 100).status, 431)
      << "also without an end";
  EXPECT_EQ(parse("GET /" + std::string(20'000, 'a')).status, 431);
  const HttpLimits small{16U << 10, 10};
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world", 4096, small).status,
            413);
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello worl", 4096, small).status,
            200);
  const std::string chunks =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello "
      "\r\n5\r\nworld\r\n0\r\n\r\n";
  EXPECT_EQ(parse(chunks, 4096, small).status, 413);
  EXPECT_EQ(parse(chunks, 1, small).status, 413);
}

TEST(HttpParser, KnowsWhenTheConnectionEnds) {
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\nHost: a\r\n\r\n").keep_alive);
  EXPECT_EQ(parse("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").request.method, HttpMethod::other);
}

}  // namespace
}  // namespace rowhook
