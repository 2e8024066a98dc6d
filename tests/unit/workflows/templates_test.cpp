#include "workflows/templates.h"

#include <gmock/gmock.h>

#include "tests/support/workflow_runs.h"

using namespace rowhook;
using rowhook::testing::context_for;
using rowhook::testing::order_paid;
using ::testing::HasSubstr;

namespace {

class Templates : public ::testing::Test {
 protected:
  std::string text(const std::string& source, Template::Target target = Template::Target::text) {
    return Template::parse(source).text({item_, context_}, target);
  }
  std::string value(const std::string& source) {
    return Template::parse(source).value({item_, context_}).text();
  }
  std::string error(const std::string& source, Template::Target target = Template::Target::text) {
    try {
      text(source, target);
    } catch (const PermanentError& error) {
      return error.what();
    }
    return "";
  }
  static std::string parse_error(const std::string& source) {
    try {
      Template::parse(source);
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "";
  }

  EventPtr event_ = order_paid();
  RunContext context_ = context_for(event_);
  Item item_{std::string(
      R"({"id":9007199254740993,"name":"Zoë","list":[1,{"a":"x"}],"gone":null,"odd name":1,"a.b":2})")};
};

TEST_F(Templates, PutValuesIntoText) {
  EXPECT_EQ(text("Order {{ new.id }}: {{old.status}} -> {{ new.status }}!"), "Order 7: pending -> paid!");
  EXPECT_EQ(text("{{ item.name }} {{ item.list[1].a }} {{ item.list.0 }}"), "Zoë x 1");
  EXPECT_EQ(text("{{ item['odd name'] }}{{ item[\"a.b\"] }}"), "12");
  EXPECT_EQ(text("{{ item.list }}"), R"([1,{"a":"x"}])");
  EXPECT_EQ(text("{{ item.gone }}"), "null");
  EXPECT_EQ(text("no values { } }}"), "no values { } }}");
  EXPECT_EQ(text("{{ '{{' }}"), "{{");
}

TEST_F(Templates, AWholeValueKeepsItsTypeExactly) {
  EXPECT_EQ(value("{{ item.id }}"), "9007199254740993");
  EXPECT_EQ(value("{{ new.total }}"), "99.990000000000000000001");
  EXPECT_EQ(value("{{ new.is_new }}"), "true");
  EXPECT_EQ(value("{{ new.email }}"), "null");
  EXPECT_EQ(value("{{ new.data }}"), R"({"customer":{"name":"Zoë"},"tags":["a","b"]})");
  EXPECT_EQ(value("{{ new.data.customer.name }}"), "\"Zoë\"");
  EXPECT_EQ(value("{{ new.data.tags[1] }}"), "\"b\"");
  EXPECT_EQ(value("{{ item.gone }}"), "null");
  EXPECT_EQ(value(" {{ item.id }}"), "\" 9007199254740993\"");
  EXPECT_EQ(value("{{ new.data.tags | json }}"), R"("[\"a\",\"b\"]")");
}

TEST_F(Templates, SeeTheEventAndTheExecution) {
  EXPECT_EQ(text("{{ event.source }}.{{ event.table }} {{ event.event_type }} {{ event.seq }}"),
            "shop.orders record_updated 4711");
  EXPECT_EQ(text("{{ event.timestamp }}"), "2025-08-05T10:00:00.123456Z");
  EXPECT_EQ(text("{{ event.event_id }}"), event_->id);
  EXPECT_EQ(text("{{ event.record_id }} {{ event.metadata.position }} {{ event.changed_fields }}"),
            R"(7 0/16B3748 ["status"])");
  EXPECT_EQ(text("{{ event.new_values.status }}"), "paid");
  EXPECT_EQ(text("{{ execution.id }} {{ execution.trigger_id }} {{ execution.attempt }}"), "4711-3 3 1");
}

TEST_F(Templates, AnItemThatIsTheEventReadsLikeIt) {
  const Item event_item(event_);
  EXPECT_EQ(Template::parse("{{ item.new_values.id }}").value({event_item, context_}).text(), "7");
  const std::string whole = Template::parse("{{ item }}").value({event_item, context_}).text();
  EXPECT_EQ(whole, event_item.json());
}

TEST_F(Templates, WhatIsMissingIsAnErrorThatNamesIt) {
  EXPECT_THAT(error("a {{ item.nope }}"), HasSubstr("{{ item.nope }}: there is no such value"));
  EXPECT_THAT(error("{{ new.nope }}"), HasSubstr("new.nope"));
  EXPECT_THAT(error("{{ new.note }}"), HasSubstr("did not send"));
  EXPECT_THAT(error("{{ new.status.deeper }}"), HasSubstr("no such value"));
  EXPECT_THAT(error("{{ execution.nope }}"), HasSubstr("execution.nope"));
  EXPECT_EQ(
      text("{{ item.nope | default('x') }}{{ new.note | default(1) }}{{ new.email|default(\"none\") }}"),
      "x1none");
  EXPECT_EQ(value("{{ item.nope | default(null) }}"), "null");
}

TEST_F(Templates, UrlsAreEncodedAndCannotBeBentByData) {
  const auto url = Template::Target::url;
  EXPECT_EQ(text("https://a/{{ item.name }}?q={{ new.data.tags }}", url),
            "https://a/Zo%C3%AB?q=%5B%22a%22%2C%22b%22%5D");
  EXPECT_EQ(text("{{ 'https://a/b?c' }}/{{ 'x/y' | raw }}", url), "https://a/b?c/x/y");
  EXPECT_THAT(error("https://a/{{ new.email }}", url), HasSubstr("null in a URL"));
  EXPECT_THAT(error("https://a/{{ '..' }}/b", url), HasSubstr("change the path"));
  EXPECT_EQ(text("{{ 'a b/c' | urlencode }}"), "a%20b%2Fc");
}

TEST_F(Templates, HeadersCannotBeSplit) {
  const Item evil(std::string(R"({"v":"a\r\nX-Evil: 1"})"));
  EXPECT_THROW(Template::parse("{{ item.v }}").text({evil, context_}, Template::Target::header),
               PermanentError);
  EXPECT_THROW(text("{{ new.email }}", Template::Target::header), PermanentError);
}

TEST_F(Templates, FaultsNameTheirColumn) {
  EXPECT_THAT(parse_error("ab {{ item.a"), HasSubstr("column 4: '{{' without '}}'"));
  EXPECT_THAT(parse_error("{{ order_id }}"), HasSubstr("column 4: unknown name 'order_id'"));
  EXPECT_THAT(parse_error("{{ itme.id }}"), HasSubstr("did you mean 'item'?"));
  EXPECT_THAT(parse_error("{{ item. }}"), HasSubstr("a name after '.'"));
  EXPECT_THAT(parse_error("{{ item.a b }}"), HasSubstr("column 11: expected '|' or '}}'"));
  EXPECT_THAT(parse_error("{{ item.a | defualt('x') }}"), HasSubstr("did you mean 'default'?"));
  EXPECT_THAT(parse_error("{{ item.a | default(x) }}"), HasSubstr("text in quotes"));
  EXPECT_THAT(parse_error("{{ item['a }}"), HasSubstr("'{{' without '}}'"));
  EXPECT_THAT(parse_error("{{}}"), HasSubstr("expected a path"));
  EXPECT_EQ(parse_error("{{ item.a | default('}}') }}"), "");
}

TEST_F(Templates, JsonValuesAreTemplatesAtAnyDepth) {
  const auto tree = ValueTemplate::parse(
      parse_json(R"({"a": ["{{ item.id }}", {"b": "n={{ new.id }}"}], "c": 1.5, "d": null})"));
  EXPECT_EQ(tree.value({item_, context_}).text(), R"({"a":[9007199254740993,{"b":"n=7"}],"c":1.5,"d":null})");
  try {
    ValueTemplate::parse(parse_json(R"({"a": ["x", "{{ y }}"]})"));
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_EQ(error.problems().front().pointer, "/a/1");
  }
}

}  // namespace
