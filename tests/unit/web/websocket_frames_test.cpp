#include "web/server/websocket_frames.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

std::string client_frame(unsigned char first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80U | payload.size());
  } else {
    out += static_cast<char>(0xfe);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xffU);
  }
  const std::string mask = "\x37\xfa\x21\x3d";
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

CloseCode refused(const std::string& bytes, std::size_t max_message = 1000) {
  WebSocketReader reader(max_message);
  reader.put(bytes);
  try {
    reader.next();
  } catch (const WebSocketError& error) {
    return error.code();
  }
  return CloseCode::normal;
}

TEST(WebSocketFrames, ReadsTheExamplesOfTheStandard) {
  WebSocketReader reader(1000);
  reader.put(std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11));  // RFC 6455, section 5.7
  const auto hello = reader.next();
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->kind, FrameKind::text);
  EXPECT_EQ(hello->payload, "Hello");
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketFrames, ReadsTheSameInAnyPieces) {
  const std::string text(700, 'x');
  const std::string bytes = client_frame(0x01, text.substr(0, 300)) + client_frame(0x89, "ping") +
                            client_frame(0x80, text.substr(300)) + client_frame(0x81, "");
  for (std::size_t step : {1UL, 2UL, 7UL, 100UL, bytes.size()}) {
    WebSocketReader reader(1000);
    std::vector<WebSocketMessage> messages;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.put(std::string_view(bytes).substr(at, step));
      while (auto message = reader.next()) messages.push_back(*std::move(message));
    }
    ASSERT_EQ(messages.size(), 3U) << step;
    EXPECT_EQ(messages[0].kind, FrameKind::ping) << "a control frame may stand between fragments";
    EXPECT_EQ(messages[1].payload, text);
    EXPECT_EQ(messages[2].payload, "");
    EXPECT_EQ(reader.buffered(), 0U);
  }
}

TEST(WebSocketFrames, RefusesALengthBeforeItsBytesCome) {
  EXPECT_EQ(refused(client_frame(0x81, std::string(1001, 'x')).substr(0, 8)), CloseCode::too_big);
  EXPECT_EQ(refused(std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10)), CloseCode::too_big);
  EXPECT_EQ(refused(client_frame(0x01, std::string(900, 'x')) + client_frame(0x80, std::string(101, 'x'))),
            CloseCode::too_big)
      << "fragments count together";
}

TEST(WebSocketFrames, WritesEveryLength) {
  const auto head = [](std::size_t size) {
    std::string out;
    append_frame(out, FrameKind::text, std::string(size, 'x'));
    return out.substr(0, out.size() - size);
  };
  EXPECT_EQ(head(5), "\x81\x05");
  EXPECT_EQ(head(125), "\x81\x7d");
  EXPECT_EQ(head(126), std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(head(65535), "\x81\x7e\xff\xff");
  EXPECT_EQ(head(65536), std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

TEST(WebSocketFrames, ACloseReasonIsCutBetweenCharacters) {
  std::string reason;
  while (reason.size() < 124) reason += "\xc3\xa4";
  const std::string payload = close_payload(CloseCode::going_away, reason);
  EXPECT_EQ(payload.substr(0, 2), "\x03\xe9");
  EXPECT_EQ(payload.size(), 124U) << "123 would end within a character";
}

}  // namespace
}  // namespace rowhook
