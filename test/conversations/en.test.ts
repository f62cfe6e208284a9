import { describeConversations } from '../support/conversation/conversations.ts';

describeConversations(import.meta.dirname, 'en');
