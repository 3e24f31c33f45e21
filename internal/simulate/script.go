// Package simulate plays customers, agents, bots and the chat tool between
// them, through the same signed webhooks that a real tool sends.
package simulate

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/parlance-chat/parlance/conversation"
)

// A Line is one thing that happens in a conversation.
type Line struct {
	At time.Duration // since the conversation's first line
	conversation.Activity
}

// Script returns the conversation with a number, the same for ever for the
// same seed. Times are to be set from At.
func Script(seed uint64, number int64) []Line {
	s := &script{random: rand.New(rand.NewPCG(seed, uint64(number))), number: number}
	s.customer = s.person()
	s.agent = agents[s.random.IntN(len(agents))]
	s.add(conversation.Identified, "", "created", "") // a tool tells of the conversation before it tells what was written
	scenes[s.random.IntN(len(scenes))](s)
	return s.lines
}

// A script is a conversation as it is being made up.
type script struct {
	random   *rand.Rand
	number   int64
	at       time.Duration
	lines    []Line
	customer conversation.Person
	agent    conversation.Agent
	assigned bool
}

var agents = []conversation.Agent{
	{ID: "7", Name: "Ann Lee", Username: "ann@example.com"},
	{ID: "8", Name: "Bo Chen", Username: "bo@example.com"},
	{ID: "9", Name: "Carla Rossi", Username: "carla@example.com"},
	{ID: "12", Name: "Dee Okafor", Username: "dee@example.com"},
}

var bot = conversation.Agent{ID: "1", Name: "Helper"}

var (
	firstNames = []string{"Mia", "Noah", "Lena", "Omar", "Yuki", "Ines", "Paul", "Zoe", "Igor", "Anna"}
	lastNames  = []string{"Berg", "Silva", "Kowalski", "Haddad", "Tanaka", "Moreau", "Jones", "Novak", "Lindt", "Diaz"}
)

func (s *script) person() conversation.Person {
	id := fmt.Sprint(s.random.IntN(900) + 100)
	p := conversation.Person{ContactID: id, Name: pick(s, firstNames) + " " + pick(s, lastNames)}
	switch s.random.IntN(3) {
	case 0: // signed in
		p.UserID, p.Email = "user-"+id, fmt.Sprintf("customer%s@example.org", id)
	case 1: // known to the site only
		p.AnonymousID = fmt.Sprintf("5f1e%08x-site", s.random.Uint32())
	}
	return p
}

func pick[T any](s *script, list []T) T { return list[s.random.IntN(len(list))] }

// pause lets some seconds pass, about as many as told.
func (s *script) pause(seconds int) {
	s.at += time.Duration(seconds)*time.Second/2 + time.Duration(s.random.IntN(seconds*1000))*time.Millisecond
}

func (s *script) add(t conversation.Type, by conversation.Author, id, body string) {
	a := conversation.Activity{ID: id, Type: t, By: by, Conversation: fmt.Sprint(s.number), Customer: s.customer, Channel: "chat"}
	if s.assigned {
		a.Agent = s.agent
	}
	switch by {
	case conversation.HumanAgent, conversation.System:
		a.Agent = s.agent
	case conversation.Bot:
		a.Agent = bot
	}
	if t == conversation.Message {
		a.Message = conversation.Text{ID: fmt.Sprint(s.number*100 + int64(len(s.lines))), Body: body}
		a.ID = "message:" + a.Message.ID
	}
	s.lines = append(s.lines, Line{s.at, a})
}

func (s *script) says(by conversation.Author, texts []string) {
	s.add(conversation.Message, by, "", pick(s, texts))
}

func (s *script) assign() {
	s.assigned = true
	s.pause(5)
	s.add(conversation.Assigned, "", fmt.Sprintf("assigned:%d", s.at), "")
}

func (s *script) close() {
	s.pause(20)
	s.add(conversation.Closed, "", fmt.Sprintf("closed:%d", s.at), "")
}

// talk is a customer and an agent taking turns.
func (s *script) talk(turns int) {
	for range turns {
		s.pause(40)
		s.says(conversation.HumanAgent, answers)
		s.pause(30)
		s.says(conversation.Customer, replies)
	}
	s.pause(20)
	s.says(conversation.HumanAgent, goodbyes)
}

// scenes are what happens in chats.
var scenes = []func(*script){
	func(s *script) { // a question and its answer
		s.says(conversation.Customer, questions)
		s.assign()
		s.talk(1 + s.random.IntN(3))
		s.close()
		s.says(conversation.Automation, surveys)
	},
	func(s *script) { // a bot first, then a person, who also writes a note
		s.says(conversation.Customer, questions)
		s.pause(2)
		s.says(conversation.Bot, botLines)
		s.pause(15)
		s.says(conversation.Customer, replies)
		s.pause(2)
		s.says(conversation.Bot, handovers)
		s.assign()
		s.says(conversation.System, notes)
		s.talk(1 + s.random.IntN(2))
		s.close()
	},
	func(s *script) { // a campaign that is never answered
		s.says(conversation.Automation, greetings)
		s.pause(5)
		s.says(conversation.HumanAgent, offers)
	},
	func(s *script) { // closed, and taken up again
		s.says(conversation.Customer, questions)
		s.says(conversation.Automation, greetings)
		s.assign()
		s.talk(1)
		s.close()
		s.pause(90)
		s.says(conversation.Customer, returns)
		s.add(conversation.Reopened, "", fmt.Sprintf("reopened:%d", s.at), "")
		s.talk(1)
		s.close()
	},
	func(s *script) { // a picture says it
		s.says(conversation.Customer, questions)
		s.pause(6)
		s.add(conversation.Message, conversation.Customer, "", "")
		s.assign()
		s.talk(2)
		s.close()
	},
	func(s *script) { // nobody has time
		s.says(conversation.Customer, questions)
		s.pause(60)
		s.says(conversation.Customer, []string{"Hello? Is anybody there?"})
	},
}

var (
	questions = []string{"Hello, my order has not arrived yet. Could you look where it is?", "Hi! Do you ship to Norway?",
		"I cannot log in any more.", "Can I change the address of my order?", "Which size would you take for a child of eight?",
		"The invoice shows the wrong company name.", "Is the blue one in stock again?"}
	answers = []string{"Let me look that up for you.", "Could you tell me the order number, please?", "Yes, we do that.",
		"I see it here. One moment, please.", "That should be possible. Shall I change it?", "It left our warehouse this morning."}
	replies   = []string{"Yes, please.", "It is 4711.", "Thank you!", "Hm, that is not what I meant.", "When will it be here?", "Great."}
	goodbyes  = []string{"You are welcome. Have a nice day!", "Glad that I could help.", "It is done. Anything else?"}
	returns   = []string{"One more thing: can I have the invoice?", "It still does not work, I am afraid."}
	botLines  = []string{"I am a bot. Is it about an order, an invoice, or something else?", "I found three articles. Does one of them help?"}
	handovers = []string{"A colleague will take over. One moment, please."}
	surveys   = []string{"Please rate this conversation."}
	notes     = []string{"Internal: the customer called twice already.", "Internal: check with the warehouse."}
	greetings = []string{"Welcome! We answer within minutes.", "We are back at nine."}
	offers    = []string{"Hello! Can I help you to find something?", "May I tell you about our spring sale?"}
)
