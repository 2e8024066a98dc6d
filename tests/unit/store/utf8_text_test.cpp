#include "engine/store/utf8_text.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

TEST(Utf8Text, AcceptsWhatIsWellFormed) {
  for (const char* text :
       {"", "plain", "exactly8", "ü", "€", "😀", "a long plain text and then ü in its middle and more"})
    EXPECT_TRUE(is_clean_utf8(text)) << text;
}

TEST(Utf8Text, ReplacesWhatIsNot) {
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(clean_utf8("a\xff"), "a" + mark);
  EXPECT_EQ(clean_utf8(std::string("a\0b", 3)), "a" + mark + "b");
  EXPECT_EQ(clean_utf8("\xc0\xaf"), mark + mark);                        // overlong
  EXPECT_EQ(clean_utf8("\xed\xa0\x80"), mark + mark + mark);             // surrogate
  EXPECT_EQ(clean_utf8("\xf4\x90\x80\x80"), mark + mark + mark + mark);  // beyond U+10FFFF
  EXPECT_EQ(clean_utf8("\xe2\x82"), mark + mark);                        // cut off
  EXPECT_EQ(clean_utf8("ü"), "ü");
}

TEST(Utf8Text, FindsABadByteAtEveryPlace) {
  for (std::size_t size = 1; size < 40; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (const char bad : {'\0', '\xff', '\x80'}) {
        std::string text(size, 'a');
        EXPECT_TRUE(is_clean_utf8(text));
        text[at] = bad;
        EXPECT_FALSE(is_clean_utf8(text)) << size << ' ' << at;
        EXPECT_TRUE(is_clean_utf8(clean_utf8(text)));
      }
}

}  // namespace
}  // namespace rowhook
